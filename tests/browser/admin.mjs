import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import {
    ana, ben, button, choice, collide, field, fill, fillLogin, leave, logIn, make,
    message, open, picture, press, publicTitles, site, startDesk, stopDesk, tabTo, valuesOf, visit,
} from './harness.mjs';

const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const khmer = 'សហករណ៍កសិកម្មនៅកម្ពុជា';
const arabic = 'التعاونيات والعمل اللائق';
const unbroken = 'Unbroken'.repeat(24);

before(startDesk);
after(stopDesk);

test('the keyboard alone logs in and posts an item with a picture, which readers see at once', async () => {
    const page = await open({ as: null, path: '/admin' });
    assert.equal(new URL(page.url()).pathname, '/admin/login');
    await tabTo(page, page.getByLabel('User name'));
    await page.keyboard.type(ana.name);
    await tabTo(page, page.getByLabel('Password'));
    await page.keyboard.type(ana.password);
    await Promise.all([page.waitForURL(`${site.url}/admin`), page.keyboard.press('Enter')]);

    await tabTo(page, page.getByRole('link', { name: 'New item' }));
    await Promise.all([page.waitForURL('**/admin/items/new'), page.keyboard.press('Enter')]);
    await tabTo(page, field(page, 'title'));
    await page.keyboard.type('Weavers open');
    await page.keyboard.press('Enter');
    await page.keyboard.type(' a shop');
    await page.keyboard.press('Tab');
    await page.keyboard.type('Forty weavers, one shop.');
    await page.keyboard.press('Tab');
    await page.keyboard.type('It opened **today**.');
    await tabTo(page, field(page, 'places'));
    await page.keyboard.type('Nepal, Fiji');
    await field(page, 'upload').setInputFiles(picture());
    await tabTo(page, page.getByLabel('What the picture shows'));
    await page.keyboard.type('The shop in the morning');
    await tabTo(page, button(page, 'Publish'));
    await Promise.all([page.waitForURL(/done=/), page.keyboard.press('Enter')]);
    assert.match(await message(page).textContent(), /Published/);
    assert.equal(await page.getByLabel('What the picture shows').inputValue(), 'The shop in the morning');
    await leave(page);

    await visit('/', async (reader) => {
        await reader.getByRole('link', { name: 'Weavers open a shop' }).click();
        assert.equal(await reader.locator('.body strong').textContent(), 'today');
        assert.deepEqual((await reader.locator('.facts .place a').allTextContents()).sort(), ['Fiji', 'Nepal']);
        const file = await reader.request.get(new URL(
            await reader.locator('[href*="/files/"], [src*="/files/"]').first().evaluate((element) =>
                element.getAttribute('href') ?? element.getAttribute('src')), site.url).href);
        assert.equal(file.status(), 200);
        assert.equal(file.headers()['content-type'], 'image/png');
    }, { as: null });
});

test('the trash gives back what it took', async () => {
    const path = await make({ title: 'Thrown away by mistake' }, 'Publish');
    await visit(path, async (page) => {
        await press(page, 'Put into the trash');
        assert.match(await message(page).textContent(), /trash/);
        assert.ok(!(await publicTitles()).includes('Thrown away by mistake'));
        await press(page, 'Undo');
        assert.equal(await page.locator('.top .status').textContent(), 'Published');
        await press(page, 'Unpublish');
        assert.equal(await page.locator('.top .status').textContent(), 'Draft');
        await press(page, 'Put into the trash');
        await page.goto(site.url + path);
        await press(page, 'Take out of the trash');
        assert.equal(await page.locator('.top .status').textContent(), 'Draft');
    });
});

test('many items change their status together, and back', async () => {
    const titles = ['Bulk rice', 'Bulk beans', 'Bulk tea'];
    for (const title of titles)
        await make({ title });
    await visit('/admin?q=Bulk', async (page) => {
        assert.equal(await button(page, 'Publish').isVisible(), false, 'nothing is chosen yet');
        await page.getByLabel('Choose “Bulk rice”').check();
        assert.equal(await page.locator('[data-chosen] [role=status]').textContent(), '1 chosen');
        await page.getByLabel('All on this page').check();
        await press(page, 'Publish');
        assert.equal(await page.getByLabel('Search').inputValue(), 'Bulk', 'the list stays as it was');
        const shown = (await publicTitles()).filter((title) => title.startsWith('Bulk'));
        assert.deepEqual(shown.sort(), titles.toSorted());
        await press(page, 'Undo');
        assert.deepEqual((await publicTitles()).filter((title) => title.startsWith('Bulk')), []);
    });
    await visit('/admin?q=Bulk', async (page) => {
        await page.getByLabel('Choose “Bulk tea”').check();
        await press(page, 'Put into the trash');
        await page.goto(`${site.url}/admin?status=trashed&q=Bulk`);
        assert.deepEqual(await page.locator('.rows .name').allTextContents(), ['Bulk tea']);
    }, { javaScriptEnabled: false });
});

test('the list is searched, filtered and sorted', async () => {
    await make({ title: 'Zebra report', type: 'project', date: '2019-01-01' });
    await make({ title: 'Aardvark report', type: 'news', date: '2018-01-01' });
    await visit('/admin', async (page) => {
        await page.getByLabel('Search').fill('report');
        await page.getByLabel('Order').selectOption('title');
        await press(page, 'Show');
        assert.deepEqual(await page.locator('.rows .name').allTextContents(), ['Aardvark report', 'Zebra report']);
        await page.getByLabel('Type').selectOption('project');
        await press(page, 'Show');
        assert.deepEqual(await page.locator('.rows .name').allTextContents(), ['Zebra report']);
        await page.getByLabel('Search').fill('nothing of the kind');
        await press(page, 'Show');
        await page.locator('.note').getByRole('link').click();
        assert.ok(await page.locator('.rows .name').count() > 2);
    });
});

test('files are uploaded, replaced at their address, and deleted when nothing uses them', async () => {
    await visit('/admin/files', async (page) => {
        const files = [picture('first.png'), picture('second.png', 16)];
        await page.getByLabel('Upload pictures or PDF').setInputFiles(files);
        await press(page, 'Upload');
        await press(page, 'Undo');
        assert.equal(await page.getByRole('link', { name: /(first|second)\.png/ }).count(), 0);
        await press(page, 'Undo');
        assert.equal(await page.getByRole('link', { name: /(first|second)\.png/ }).count(), 2);
        await page.getByRole('link', { name: 'first.png' }).click();
        const address = await page.getByRole('link', { name: 'Open' }).getAttribute('href');
        await page.getByLabel('New file').setInputFiles(picture('other.png', 16));
        await press(page, 'Replace');
        assert.equal(await page.getByRole('link', { name: 'Open' }).getAttribute('href'), address);
        assert.match(await page.locator('.facts').first().textContent(), /16 × 16/);
        await press(page, 'Undo');
        assert.match(await page.locator('.facts').first().textContent(), /8 × 8/);
        await page.getByText('Delete this file').click();
        await press(page, 'Delete');
        assert.equal(await page.getByRole('link', { name: 'first.png' }).count(), 0);
        await press(page, 'Undo');
        assert.equal(await page.getByRole('link', { name: 'Open' }).getAttribute('href'), address);
        await page.getByText('Delete this file').click();
        await press(page, 'Delete');
    });
    await visit('/admin/files', async (page) => {
        const script = { ...picture('page.png'), buffer: Buffer.from('<script>alert(1)</script>') };
        await page.getByLabel('Upload pictures or PDF').setInputFiles(script);
        await press(page, 'Upload');
        assert.ok(await page.locator('#file-error').isVisible());
    });
});

test('types are added, renamed and merged', () => visit('/admin/types', async (page) => {
    const add = page.locator('.part', { hasText: 'Add a type' });
    for (const name of ['Podcast', 'Broadcast']) {
        await add.getByLabel('Name').fill(name);
        await press(page, 'Add');
    }
    await make({ title: 'On the air', type: 'podcast' });
    const row = page.locator('.rows > li', { has: page.locator('code', { hasText: /^podcast$/ }) });
    await row.getByLabel('Name').fill('Listening');
    await Promise.all([page.waitForEvent('load'), row.getByRole('button', { name: 'Save' }).click()]);
    assert.equal(await row.getByLabel('Name').inputValue(), 'Listening');
    assert.equal(await row.getByRole('button', { name: 'Delete' }).count(), 0, 'a type in use can only be merged');
    await add.getByLabel('Name').fill('News');
    await press(page, 'Add');
    assert.equal(await add.getByLabel('Name').evaluate((input) => input === document.activeElement), true);
    assert.ok(await page.locator('#name-error').isVisible());
    await add.getByLabel('Name').fill('Made by mistake');
    await press(page, 'Add');
    await press(page, 'Delete Made by mistake');
    const mistaken = page.locator('.rows code', { hasText: 'made-by-mistake' });
    assert.equal(await mistaken.count(), 0);
    await press(page, 'Undo');
    assert.equal(await mistaken.count(), 1);
    await press(page, 'Delete Made by mistake');
    await page.getByLabel('Merge', { exact: true }).selectOption({ label: 'Listening' });
    await page.getByLabel('Into').selectOption({ label: 'Broadcast' });
    await press(page, 'Merge');
    assert.equal(await row.count(), 0);
    await press(page, 'Undo');
    assert.equal(await row.getByLabel('Name').inputValue(), 'Listening');
    assert.match(await row.textContent(), /Items: 1/);
    await page.getByLabel('Merge', { exact: true }).selectOption({ label: 'Listening' });
    await page.getByLabel('Into').selectOption({ label: 'Broadcast' });
    await press(page, 'Merge');
    assert.deepEqual(await visit('/admin?type=broadcast', (list) => list.locator('.rows .name').allTextContents()),
                     ['On the air']);
}));

test('an admin adds a user, helps with the password, and shuts the door', async () => {
    const eva = { name: 'eva', password: 'a password for eva' };
    const page = await open({ path: '/admin/users' });
    const row = page.locator('.rows > li', { has: page.locator('.name', { hasText: 'eva' }) });
    await page.getByLabel('User name').fill(eva.name);
    await page.getByLabel('First password').fill('short');
    await press(page, 'Add');
    assert.equal(await page.getByLabel('First password').evaluate((input) => input === document.activeElement), true);
    assert.ok(await page.locator('#password-error').isVisible());
    assert.equal(await page.getByLabel('User name').inputValue(), eva.name);
    await page.getByLabel('First password').fill(eva.password);
    await press(page, 'Add');
    assert.equal(await row.count(), 1);
    await press(page, 'Undo');
    assert.equal(await row.count(), 0);
    await page.getByLabel('User name').fill(eva.name);
    await press(page, 'Add');
    assert.match(await page.getByLabel('Link for eva').inputValue(), /\/admin\/reset\?token=/);
    await press(page, 'New password link for eva');
    const mistaken = new URL(await page.getByLabel('Link for eva').inputValue());
    await press(page, 'Undo');
    await visit(mistaken.pathname + mistaken.search, async (nobody) => {
        assert.match(await nobody.locator('[role=alert]').textContent(), /does not work any more/);
    }, { as: null });
    await press(page, 'New password link for eva');
    const { pathname, search } = new URL(await page.getByLabel('Link for eva').inputValue());

    const other = await open({ as: null, path: pathname + search });
    await other.getByLabel('New password', { exact: true }).fill('another one for eva');
    await other.getByLabel('The new password again').fill('not the same at all');
    await press(other, 'Save the password');
    assert.ok(await other.locator('#password2-error').isVisible());
    await other.getByLabel('New password', { exact: true }).fill('another one for eva');
    await other.getByLabel('The new password again').fill('another one for eva');
    await press(other, 'Save the password');
    assert.equal(await other.getByRole('link', { name: 'Users' }).count(), 0, 'an editor has no users to manage');
    assert.equal((await other.goto(`${site.url}/admin/users`)).status(), 403);
    await other.goto(site.url + pathname + search);
    assert.match(await other.locator('[role=alert]').textContent(), /does not work any more/);

    await page.goto(`${site.url}/admin/users`);
    await press(page, 'Disable eva');
    assert.match(await row.textContent(), /Disabled/);
    await press(page, 'Undo');
    assert.match(await row.textContent(), /Editor/);
    await press(page, 'Undo');
    assert.match(await row.textContent(), /Disabled/);
    await other.goto(`${site.url}/admin`);
    assert.equal(new URL(other.url()).pathname, '/admin/login');
    await leave(other);
    await leave(page);
});

test('a changed password ends every other session', async () => {
    const pages = [await open({ as: null }), await open({ as: null })];
    for (const page of pages)
        await logIn(page, ben);
    const [here, there] = pages;
    await here.goto(`${site.url}/admin/account`);
    assert.equal(await here.locator('.rows > li').count(), 2);
    await here.getByLabel('Present password').fill('wrong wrong wrong');
    await here.getByLabel('New password', { exact: true }).fill('a new one for ben');
    await here.getByLabel('The new password again').fill('a new one for ben');
    await press(here, 'Change the password');
    assert.ok(await here.locator('#old-error').isVisible());
    await here.getByLabel('Present password').fill(ben.password);
    await here.getByLabel('New password', { exact: true }).fill('a new one for ben');
    await here.getByLabel('The new password again').fill('a new one for ben');
    await press(here, 'Change the password');
    assert.match(await message(here).textContent(), /password is changed/);
    assert.equal(await here.locator('.rows > li').count(), 1);
    await there.goto(`${site.url}/admin`);
    assert.equal(new URL(there.url()).pathname, '/admin/login');
    await press(here, 'Log out');
    await here.goto(`${site.url}/admin`);
    assert.equal(new URL(here.url()).pathname, '/admin/login');
    await Promise.all(pages.map(leave));
});

test('hostile text is only ever text', async () => {
    const title = '<script>alert(1)</script>"\'{{csrf}} \u202eevil';
    const path = await make({ title, summary: '"><img src=x onerror=alert(1)>', places: '<b>Nowhere</b>',
                              body: '<img src=x onerror=alert(1)> [x](javascript:alert(1))' }, 'Publish');
    const page = await open();
    page.on('dialog', () => assert.fail('script ran'));
    for (const at of [path, '/admin?q=evil', `${path}/revisions`, `${path}/revisions/1`, '/admin/activity', '/']) {
        await page.goto(site.url + at, { waitUntil: 'networkidle' });
        assert.ok((await page.content()).includes('alert(1)'), at);
        assert.equal(await page.locator('img[src=x], a[href^=javascript]').count(), 0, at);
    }
    await page.goto(site.url + path);
    assert.equal(await field(page, 'title').inputValue(), title);
    await leave(page);
});

test('all of it works without script', async () => {
    const off = { javaScriptEnabled: false };
    const page = await open({ as: null, ...off });
    await logIn(page, ana);
    await page.getByRole('link', { name: 'New item' }).click();
    await fill(page, { title: 'Without script', body: 'Old.' });
    await field(page, 'upload').setInputFiles(picture('plain.png'));
    await press(page, 'Save draft');
    const path = new URL(page.url()).pathname;
    await page.getByLabel('What the picture shows').fill('A white square');
    await fill(page, { body: 'New.' });
    await press(page, 'Publish');
    assert.deepEqual(await valuesOf(page, ['body', 'file_alt']), ['New.', 'A white square']);
    const other = await make({ title: 'With the same picture', summary: 'One file, two items.' });
    await page.goto(site.url + other);
    await page.getByLabel('Or a file that is here already').selectOption({ label: 'plain.png (69 bytes)' });
    await press(page, 'Save draft');
    await page.getByLabel('What the picture shows').fill('The same square');
    await press(page, 'Publish');
    await page.goto(site.url + path);
    assert.equal(await page.getByLabel('What the picture shows').inputValue(), 'A white square');
    await page.getByLabel('Take off this item').check();
    await press(page, 'Update');
    assert.equal(await page.getByLabel('What the picture shows').count(), 0);
    await press(page, 'Undo');
    assert.equal(await page.getByLabel('What the picture shows').inputValue(), 'A white square');
    await press(page, 'Unpublish');
    await leave(page);

    const clash = await collide(path, { title: 'Mine without script' }, { title: 'Theirs with it' }, off);
    assert.equal(await clash.getByText('Both, in other words').isVisible(), false);
    await choice(clash, 'Title').getByText('Yours', { exact: true }).click();
    await press(clash, 'Save it so');
    assert.equal(await field(clash, 'title').inputValue(), 'Mine without script');
    await leave(clash);
});

/** Every page of the admin in its states: [name, how to get there]. */
async function allStates() {
    const title = `${khmer} ${unbroken}`;
    const event = await make({ title, summary: arabic, lang: 'km', type: 'event' }, 'Publish');
    const draft = await make({ title: arabic, lang: 'ar', kicker: unbroken });
    const go = (path) => async () => open({ path });
    const then = (path, ...names) => async () => {
        const page = await open({ path });
        for (const name of names)
            await press(page, name);
        return page;
    };
    return {
        login: () => open({ as: null, path: '/admin/login' }),
        'failed login': async () => {
            const page = await open({ as: null, path: '/admin/login' });
            await fillLogin(page, { name: 'nobody', password: 'x' });
            await page.waitForSelector('[aria-invalid]');
            return page;
        },
        'ended session': async () => {
            const page = await open({ path: draft });
            await page.context().clearCookies();
            await press(page, 'Save draft');
            return page;
        },
        'ended session at another form': async () => {
            const page = await open({ path: '/admin/types' });
            await page.context().clearCookies();
            await press(page, 'Save News');
            assert.match(await page.locator('.note').textContent(), /that was not done/);
            await Promise.all([page.waitForURL('**/admin/types'), fillLogin(page, ana)]);
            await page.context().clearCookies();
            await press(page, 'Save News');
            return page;
        },
        'new password with mistakes': async () => {
            const { pathname, search } = await visit('/admin/users', async (page) => {
                await press(page, 'New password link for ben');
                return new URL(await page.getByLabel('Link for ben').inputValue());
            });
            const page = await open({ as: null, path: pathname + search });
            await page.getByLabel('New password', { exact: true }).fill('short');
            await page.getByLabel('The new password again').fill('short');
            await press(page, 'Save the password');
            assert.ok(await page.locator('#password-error').isVisible());
            return page;
        },
        'used up link': () => open({ as: null, path: '/admin/reset?token=x' }),
        list: go('/admin'),
        'list with a message': then(event, 'Put into the trash'),
        trash: go('/admin?status=trashed'),
        'nothing found': go('/admin?q=nothing-of-the-kind'),
        'chosen items': async () => {
            const page = await open({ path: '/admin' });
            await page.locator('[data-all]').check();
            return page;
        },
        'new item': go('/admin/items/new'),
        'chosen pictures': async () => {
            const page = await open({ path: '/admin/items/new' });
            await field(page, 'upload').setInputFiles([picture(), picture(`${unbroken}.png`)]);
            return page;
        },
        'new event': go('/admin/items/new?type=event'),
        'item with a message': then(draft, 'Publish'),
        'item with a link': then(draft, 'Make a preview link'),
        'item with mistakes': async () => {
            const page = await open({ path: draft });
            await fill(page, { link: 'nonsense', slug: unbroken });
            await press(page, 'Update');
            return page;
        },
        'item with a warning before readers see it': async () => {
            const page = await open({ path: '/admin/items/new' });
            await fill(page, { title: unbroken, body: '[words](www.example.org)' });
            await press(page, 'Publish');
            assert.equal(await page.locator('#errors').evaluate((list) => list === document.activeElement), true);
            return page;
        },
        'item with a draft from before': async () => {
            const page = await open({ path: draft });
            await fill(page, { body: khmer });
            await page.waitForFunction(() => localStorage.length > 0);
            await page.close();
            const next = await page.context().newPage();
            await next.goto(site.url + draft);
            await next.locator('#draft').waitFor();
            return next;
        },
        conflict: async () => collide(await make({ title: 'Clash', body: 'x' }), { body: unbroken }, { body: khmer }),
        revisions: go(`${draft}/revisions`),
        revision: go(`${draft}/revisions/1`),
        'two versions': go(`${draft}/revisions/1?compare=2`),
        activity: go('/admin/activity'),
        'activity of nobody': go('/admin/activity?action=none'),
        files: go('/admin/files'),
        'file that cannot be taken back': async () => {
            const page = await open({ path: '/admin/files' });
            await page.getByLabel('Upload pictures or PDF').setInputFiles(picture(`${unbroken} again.png`, 16));
            await press(page, 'Upload');
            const again = page.url();
            await press(page, 'Undo');
            await page.goto(again);
            await press(page, 'Undo');
            assert.equal(await page.locator('#error').evaluate((error) => error === document.activeElement), true);
            return page;
        },
        'no files': go('/admin/files?q=nothing-of-the-kind'),
        file: async () => {
            const page = await open({ path: '/admin/files' });
            await page.getByLabel('Upload pictures or PDF').setInputFiles(picture());
            await press(page, 'Upload');
            await page.locator('.shelf a').first().click();
            return page;
        },
        types: go('/admin/types'),
        users: go('/admin/users'),
        'users with a link': then('/admin/users', 'New password link for ben'),
        doctor: go('/admin/doctor'),
        'doctor after a form': async () => {
            const page = await open({ path: '/admin/doctor' });
            await press(page, 'Try whether forms get through');
            assert.match(await message(page).textContent(), /as it should be/);
            return page;
        },
        account: go('/admin/account'),
    };
}

async function axeFindings(page) {
    await page.evaluate(axeSource);
    const { violations } = await page.evaluate(() => globalThis.axe.run());
    return violations.map((rule) => `${rule.id}: ${rule.nodes.map((node) => node.html).join(' ')}`);
}

function smallTargets(page) {
    const targets = 'button, select, textarea, summary, input:not([type=hidden], .check *, .sides *), label.check, ' +
        '.picks a, .pages a, a.main, nav a';
    return page.locator(targets).evaluateAll((all) => all.filter((element) => {
        const { width, height } = element.getBoundingClientRect();
        return element.checkVisibility() && width > 1 && Math.min(width, height) < 44;
    }).map((element) => element.outerHTML.slice(0, 100)));
}

test('in every state axe is content, 320 px are enough, targets fit a finger, and the console is clean', async () => {
    for (const [name, reach] of Object.entries(await allStates())) {
        const page = await reach();
        const complaints = [];
        page.on('pageerror', (error) => complaints.push(error.message));
        // That the page itself came with a status of 400 and above may be told only now.
        page.on('console', (said) => said.location().url !== page.url() && complaints.push(said.text()));
        for (const [width, colorScheme] of [[320, 'light'], [1280, 'dark'], [1280, 'light'], [320, 'dark']]) {
            await page.setViewportSize({ width, height: 800 });
            await page.emulateMedia({ colorScheme });
            const at = `${name} at ${width} px, ${colorScheme}`;
            assert.deepEqual(await axeFindings(page), [], at);
            assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= width, `${at} sticks out`);
            if (width === 320)
                assert.deepEqual(await smallTargets(page), [], at);
        }
        assert.equal(await page.locator('style, [style], script:not([src])').count(), 0, name);
        assert.deepEqual(complaints, [], name);
        await leave(page);
    }
});

test('no page complains as it is loaded', async () => {
    const page = await open();
    const complaints = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (said) => complaints.push(`${page.url()}: ${said.text()}`));
    for (const path of ['', '/items/new', '/activity', '/files', '/types', '/users', '/doctor', '/account'])
        await page.goto(`${site.url}/admin${path}`, { waitUntil: 'networkidle' });
    assert.deepEqual(complaints, []);
    await leave(page);
});
