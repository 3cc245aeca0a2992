import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { startBrowser, startSite } from './harness.mjs';

const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const ana = { name: 'ana', role: 'admin', password: 'correct horse battery' };
const ben = { name: 'ben', role: 'editor', password: 'staple staple staple' };
const khmer = 'សហករណ៍កសិកម្មនៅកម្ពុជា';
const arabic = 'التعاونيات والعمل اللائق';
const unbroken = 'Unbroken'.repeat(30);

let site;
let browser;
let anaState;

before(async () => {
    site = await startSite({ samples: [], users: [ana, ben] });
    browser = await startBrowser();
    const page = await open({ as: null });
    await logIn(page, ana);
    anaState = await page.context().storageState();
    await leave(page);
});

after(async () => {
    await browser?.close();
    await site?.stop();
});

/** A page of a browser of its own, logged in as ana unless `as` is null. */
async function open({ as = ana, path = null, ...options } = {}) {
    const context = await browser.newContext({ storageState: as ? anaState : undefined, ...options });
    context.setDefaultTimeout(10000);
    const page = await context.newPage();
    if (path !== null)
        await page.goto(site.url + path);
    return page;
}

function leave(page) {
    return page.context().close();
}

async function logIn(page, user) {
    await page.goto(`${site.url}/admin/login`);
    await fillLogin(page, user);
    await page.waitForURL(`${site.url}/admin`);
}

async function fillLogin(page, user) {
    await page.getByLabel('User name').fill(user.name);
    await page.getByLabel('Password').fill(user.password);
    await page.getByRole('button', { name: 'Log in' }).click();
}

/** Runs `look` on a page as `open` makes it. */
async function visit(path, look, options = {}) {
    const page = await open({ path, ...options });
    try {
        return await look(page);
    } finally {
        await leave(page);
    }
}

const button = (page, name) => page.getByRole('button', { name, exact: true });
const field = (page, name) => page.locator(`.edit [name=${name}]`);
const message = (page) => page.locator('.done p').first();

/** Presses the button and waits for the page that the server sends after it. */
async function press(page, name) {
    await Promise.all([page.waitForEvent('load'), button(page, name).click()]);
}

async function fill(page, values) {
    for (const [name, value] of Object.entries(values)) {
        const control = field(page, name);
        const folded = page.locator('details:not([open])', { has: page.locator(`[name=${name}]`) });
        if (await folded.count() > 0)
            await folded.locator('> summary').click();
        await (name === 'type' ? control.selectOption(value) : control.fill(value));
    }
}

function valuesOf(page, names) {
    return Promise.all(names.map((name) => field(page, name).inputValue()));
}

/** Makes an item by its form and returns the path of its page in the admin. */
async function make(values, how = 'Save draft') {
    return visit('/admin/items/new', async (page) => {
        await fill(page, values);
        await press(page, how);
        const path = new URL(page.url()).pathname;
        assert.match(path, /^\/admin\/items\/\d+$/, await page.locator('main').innerText());
        return path;
    }, { javaScriptEnabled: false });
}

function publicTitles() {
    return visit('/', (page) => page.locator('.card h3').allTextContents(), { as: null });
}

function itemsFound(words) {
    return visit(`/admin?q=${encodeURIComponent(words)}`, (page) => page.locator('.rows .name').allTextContents());
}

async function tabTo(page, control) {
    for (let i = 0; i < 60; i++) {
        if (await control.evaluate((element) => element === document.activeElement))
            return;
        await page.keyboard.press('Tab');
    }
    assert.fail(`the keyboard does not reach ${control}`);
}

/** A white square of 8 or 16 pixels, as a file to be chosen. */
function picture(name = 'market day.png', size = 8) {
    const squares = {
        8: 'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAIAQAAAADsdIMmAAAADElEQVR42mP4z4ACAT/QB/lnLUmhAAAAAElFTkSuQmCC',
        16: 'iVBORw0KGgoAAAANSUhEUgAAABAAAAAQAQAAAAA3iMLMAAAADklEQVR42mP4/5+BFAQA/U4f4d7IdZcAAAAASUVORK5CYII=',
    };
    return { name, mimeType: 'image/png', buffer: Buffer.from(squares[size], 'base64') };
}

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

test('an edit shows at once, and its undo takes it back', async () => {
    const path = await make({ title: 'Bees find a home', summary: 'In the roof.' }, 'Publish');
    await visit(path, async (page) => {
        await fill(page, { title: 'Bees lose a home' });
        await press(page, 'Update');
        assert.ok((await publicTitles()).includes('Bees lose a home'));
        await press(page, 'Undo');
        assert.equal(await field(page, 'title').inputValue(), 'Bees find a home');
        assert.ok((await publicTitles()).includes('Bees find a home'));
    });
});

test('a time to come makes publishing scheduling', async () => {
    const path = await make({ title: 'Not before its time' });
    await visit(path, async (page) => {
        await fill(page, { publish_at: '2099-03-03T09:00' });
        await press(page, 'Schedule');
        assert.match(await page.locator('.top .status').textContent(), /Scheduled for .*2099.*UTC/);
        assert.ok(!(await publicTitles()).includes('Not before its time'));
        assert.deepEqual(await visit('/admin?status=scheduled', (list) => list.locator('.rows .name').allTextContents()),
                         ['Not before its time']);
        await fill(page, { publish_at: '' });
        await press(page, 'Update');
        assert.equal(await page.locator('.top .status').textContent(), 'Published');
        assert.ok((await publicTitles()).includes('Not before its time'));
    });
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
        assert.deepEqual((await publicTitles()).filter((title) => title.startsWith('Bulk')).sort(), titles.toSorted());
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

/** Makes the session of a page end in one way or another while something is typed. */
const endings = {
    'ended elsewhere': async () => {
        await visit('/admin/account', (other) => press(other, 'End all but this one'));
    },
    'its cookie is gone': (page) => page.context().clearCookies(),
    'its cookie is gone, and the script has asked the server since': async (page) => {
        await page.context().clearCookies();
        await page.setViewportSize({ width: 1280, height: 900 });
        await page.locator('.live').evaluate((live) => { live.open = true; });
        await Promise.all([page.waitForResponse('**/admin/markdown'), field(page, 'body').press('End')
            .then(() => field(page, 'body').pressSequentially('!'))]);
    },
};

for (const [how, end] of Object.entries(endings)) {
    test(`nothing typed is lost when the session is over: ${how}`, async () => {
        const title = `Typed while the session was over: ${how}`;
        const page = await open({ as: null });
        await logIn(page, ana);
        await page.goto(`${site.url}/admin/items/new`);
        await fill(page, { title, summary: khmer, body: 'One.\n\nTwo', places: 'Nepal', slug: '' });
        await end(page);
        await press(page, 'Publish');
        assert.match(await page.locator('.note').textContent(), /what you typed is kept/);
        await fillLogin(page, { ...ana, password: 'not the right one' });
        await page.waitForSelector('[aria-invalid=true]');
        await Promise.all([page.waitForEvent('load'), fillLogin(page, ana)]);
        assert.match(await page.locator('.note').first().textContent(), /What you typed is back/);
        const [found, summary, body, places] = await valuesOf(page, ['title', 'summary', 'body', 'places']);
        assert.deepEqual([found, summary, places], [title, khmer, 'Nepal']);
        assert.match(body, /^One\.\r?\n\r?\nTwo/);
        await press(page, 'Publish');
        assert.ok((await publicTitles()).includes(title));
        assert.equal(await page.locator('#draft').isVisible(), false);
        await leave(page);
    });
}

test('nothing typed is lost when somebody logged in again in another tab', async () => {
    const page = await open({ as: null });
    await logIn(page, ana);
    await page.goto(`${site.url}/admin/items/new`);
    await fill(page, { title: 'Typed in the first tab' });
    await page.context().clearCookies();
    const other = await page.context().newPage();
    await logIn(other, ana);
    await press(page, 'Publish');
    if (await page.locator('.edit').count() > 0 && await page.locator('.done').count() === 0) {
        assert.equal(await field(page, 'title').inputValue(), 'Typed in the first tab');
        await press(page, 'Publish');
    }
    assert.ok((await publicTitles()).includes('Typed in the first tab'));
    await leave(page);
});

test('what was typed before a crash is offered again', async () => {
    const path = await make({ title: 'Before the crash', body: 'Old words.' });
    const page = await open({ path });
    await fill(page, { body: 'New words.', lang: 'km' });
    await page.waitForFunction(() => JSON.stringify(localStorage).includes('New words.'));
    await page.close();

    const next = await page.context().newPage();
    await next.goto(site.url + path);
    assert.match(await next.locator('#draft').textContent(), /You have unsaved words/);
    assert.equal(await field(next, 'body').inputValue(), 'Old words.', 'nothing is put in unasked');
    await next.getByText('See them').click();
    assert.ok((await next.locator('#draft textarea').evaluateAll((all) => all.map((words) => words.value)))
        .includes('New words.'));
    await button(next, 'Restore').click();
    assert.deepEqual(await valuesOf(next, ['body', 'lang']), ['New words.', 'km']);
    await press(next, 'Save draft');
    await next.goto(site.url + path);
    assert.equal(await next.locator('#draft').isVisible(), false);
    assert.equal(await next.evaluate(() => localStorage.length), 0, 'what is saved is not kept twice');
    await leave(page);
});

test('a draft from before is never put over newer words unasked', async () => {
    const path = await make({ title: 'Two writers', body: 'First words.' });
    const page = await open({ path });
    await fill(page, { body: 'My words.' });
    await page.waitForFunction(() => JSON.stringify(localStorage).includes('My words.'));
    await page.close();
    await new Promise((resolve) => { setTimeout(resolve, 1100); });
    await visit(path, async (other) => {
        await fill(other, { body: 'Their words.' });
        await press(other, 'Save draft');
    });
    const next = await page.context().newPage();
    await next.goto(site.url + path);
    assert.equal(await field(next, 'body').inputValue(), 'Their words.');
    assert.match(await next.locator('[data-newer]').innerText(), /saved again since/);
    assert.equal(await next.locator('#draft textarea').inputValue(), 'My words.');
    await button(next, 'Discard').click();
    await next.reload();
    assert.equal(await next.locator('#draft').isVisible(), false);
    await leave(page);
});

test('leaving with unsaved words asks; saving does not', async () => {
    const path = await make({ title: 'Do not leave me' });
    await visit(path, async (page) => {
        const asked = [];
        page.on('dialog', (dialog) => {
            asked.push(dialog.type());
            return dialog.dismiss();
        });
        await page.getByRole('link', { name: 'Files' }).click();
        await page.waitForURL('**/admin/files');
        await page.goBack();
        assert.deepEqual(asked, []);
        await field(page, 'summary').pressSequentially('Words');
        await page.getByRole('link', { name: 'Files' }).click();
        await page.waitForTimeout(300);
        assert.deepEqual(asked, ['beforeunload']);
        assert.equal(new URL(page.url()).pathname, path);
        await press(page, 'Save draft');
        assert.deepEqual(asked, ['beforeunload']);
        assert.equal(await field(page, 'summary').inputValue(), 'Words');
    });
});

/** Opens the item's form, lets somebody else change it, and sends it. */
async function collide(path, mine, theirs, options) {
    const page = await open({ path, ...options });
    await fill(page, mine);
    await visit(path, async (other) => {
        await fill(other, theirs);
        await press(other, 'Save draft');
    });
    await press(page, 'Save draft');
    assert.match(await page.locator('h1').textContent(), /changed this item meanwhile/);
    return page;
}

const choice = (page, label) => page.locator('.choice', { has: page.locator('legend', { hasText: label }) });

test('two who save at once get both texts, and can merge them', async () => {
    const path = await make({ title: 'Our meeting', summary: 'A short one.', body: 'We met.' });
    const page = await collide(path, { title: 'My meeting', summary: 'My short one.', body: 'We met in May.', kicker: 'Mine' },
                               { title: 'Their meeting', summary: 'Their short one.', body: 'We met in June.' });
    assert.equal(await page.locator('#errors').evaluate((errors) => errors === document.activeElement), true);
    const words = choice(page, 'Text').locator('.words');
    assert.deepEqual(await words.allTextContents(), ['We met in May.', 'We met in June.']);
    assert.equal(await words.nth(0).locator('ins').textContent(), 'May');
    assert.equal(await words.nth(1).locator('del').textContent(), 'June');
    await choice(page, 'Title').getByText('Saved now').click();
    await choice(page, 'Text').getByText('Yours', { exact: true }).click();
    await choice(page, 'Summary').getByText('Both, in other words').click();
    await choice(page, 'Summary').locator('textarea').fill('Our short one.');
    await press(page, 'Save it so');
    await page.goto(site.url + path);
    assert.deepEqual(await valuesOf(page, ['title', 'summary', 'body', 'kicker']),
                     ['Their meeting', 'Our short one.', 'We met in May.', 'Mine']);
    await page.goto(`${site.url}${path}/revisions`);
    assert.equal(await page.locator('.rows > li').count(), 3);
    await leave(page);
});

test('sending a form twice makes one item', async () => {
    const page = await open({ path: '/admin/items/new', javaScriptEnabled: false });
    await fill(page, { title: 'Sent once or twice' });
    const form = await page.locator('.edit').evaluate((element) => Object.fromEntries(
        [...new FormData(element)].filter(([, value]) => typeof value === 'string')));
    const headers = { Origin: site.url };
    const answers = [];
    for (let i = 0; i < 2; i++) {
        answers.push(await page.request.post(`${site.url}/admin/items`, {
            multipart: { ...form, action: 'save' }, headers, maxRedirects: 0 }));
    }
    assert.deepEqual(answers.map((answer) => answer.status()), [303, 303]);
    const items = answers.map((answer) => /^\/admin\/items\/\d+/.exec(answer.headers().location)[0]);
    assert.equal(items[0], items[1]);
    await button(page, 'Save draft').dblclick();
    await page.waitForURL(/done=/);
    assert.deepEqual(await itemsFound('Sent once or twice'), ['Sent once or twice']);
    await leave(page);
});

test('earlier versions are compared word by word, and come back', async () => {
    const path = await make({ title: 'History', body: 'The dog sleeps.' });
    await visit(path, async (page) => {
        await fill(page, { body: 'The cat sleeps.' });
        await press(page, 'Save draft');
        await page.getByRole('link', { name: 'Earlier versions' }).click();
        assert.equal(await page.locator('.rows > li').count(), 2);
        await page.getByRole('link', { name: 'Version 2' }).click();
        assert.equal(await page.locator('.changes del').textContent(), 'dog');
        assert.equal(await page.locator('.changes ins').textContent(), 'cat');
        await page.getByRole('link', { name: 'All versions' }).click();
        await page.getByRole('link', { name: 'Version 1' }).click();
        await press(page, 'Go back to version 1');
        assert.equal(await field(page, 'body').inputValue(), 'The dog sleeps.');
        await page.goto(`${site.url}${path}/revisions`);
        assert.equal(await page.locator('.rows > li').count(), 3);
        await page.getByRole('link', { name: 'What was done' }).click();
        assert.ok(await page.locator('.rows > li').count() >= 3);
        assert.ok((await page.locator('.rows').innerText()).includes('ana'));
    });
});

test('mistakes are told above and beside their fields, and nothing typed is lost', async () => {
    await visit('/admin/items/new', async (page) => {
        await fill(page, { title: 'With mistakes', link: 'javascript:alert(1)', slug: 'No Slug!', body: 'Kept.' });
        await press(page, 'Save draft');
        const summary = page.locator('#errors');
        assert.equal(await summary.evaluate((element) => element === document.activeElement), true);
        assert.equal(await summary.getByRole('link').count(), 2);
        for (const name of ['link', 'slug']) {
            const control = field(page, name);
            assert.equal(await control.getAttribute('aria-invalid'), 'true');
            assert.match(await control.getAttribute('aria-describedby'), new RegExp(`${name}-error`));
            assert.ok(await page.locator(`#${name}-error`).isVisible());
        }
        await summary.getByRole('link').first().click();
        assert.ok(await field(page, 'link').isVisible());
        assert.deepEqual(await valuesOf(page, ['title', 'link', 'slug', 'body']),
                         ['With mistakes', 'javascript:alert(1)', 'No Slug!', 'Kept.']);
        await fill(page, { link: 'https://example.org/', slug: '' });
        await press(page, 'Save draft');
        assert.equal(await field(page, 'slug').inputValue(), 'with-mistakes');
    });
});

test('an event asks when and where', async () => {
    await visit('/admin/items/new', async (page) => {
        assert.equal(await page.getByText('Event: when and where').isVisible(), false);
        await fill(page, { title: 'A fair', type: 'event' });
        await page.getByLabel('Begins', { exact: true }).fill('2030-05-01');
        await page.getByLabel('Begins: time, if known').fill('09:30');
        await page.getByLabel('Ends', { exact: true }).fill('2030-05-02');
        await page.getByLabel('Where').fill('Suva');
        await press(page, 'Publish');
        assert.deepEqual(await valuesOf(page, ['event_starts', 'event_ends', 'event_venue']),
                         ['2030-05-01T09:30', '2030-05-02', 'Suva']);
    });
    await visit('/admin/items/new?type=event', async (page) => {
        assert.ok(await field(page, 'event_starts').isVisible());
    }, { javaScriptEnabled: false });
});

test('names are completed behind a comma', () => visit('/admin/items/new', async (page) => {
    await make({ title: 'Somewhere', places: 'Tuvalu' });
    await page.reload();
    await field(page, 'places').fill('Nauru, T');
    assert.ok((await page.locator('#known-places option').evaluateAll((all) => all.map((option) => option.value)))
        .includes('Nauru, Tuvalu'));
}));

test('the text is shown as readers will see it, and words are counted', () => visit('/admin/items/new', async (page) => {
    await page.locator('.live summary').click();
    await fill(page, { title: 'One two three', body: '## Head\n\n**bold** <script>alert(1)</script>' });
    await page.locator('.live strong').waitFor();
    assert.equal(await page.locator('.live h2').textContent(), 'Head');
    assert.equal(await page.locator('.live script').count(), 0);
    await page.waitForFunction(() => document.querySelector('[for=title] ~ .hint output').textContent === '3 words');
    await fill(page, { lang: 'th', summary: 'สหกรณ์การเกษตร' });
    await page.waitForFunction(() => /^[2-9] words$/.test(document.querySelector('[for=summary] ~ .hint output').textContent));
    const [preview] = await Promise.all([page.context().waitForEvent('page'), button(page, 'Preview').click()]);
    await preview.waitForLoadState();
    assert.equal(await preview.locator('h1').textContent(), 'One two three');
    assert.ok(await preview.locator('.preview').isVisible());
    assert.match(await preview.locator('meta[name=robots]').getAttribute('content'), /noindex/);
    assert.ok(await button(page, 'Publish').isEnabled());
}, { viewport: { width: 700, height: 900 } }));

test('pasted markup becomes Markdown, and what was dropped is said', () => visit('/admin/items/new', async (page) => {
    await field(page, 'body').evaluate((body) => {
        const data = new DataTransfer();
        data.setData('text/html', '<p class="MsoNormal"><b>Bold</b> words<img src="https://example.org/x.png"></p>');
        data.setData('text/plain', 'Bold words');
        body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
    });
    await page.waitForFunction(() => document.querySelector('#body').value.includes('**Bold** words'));
    assert.match(await page.locator('#pasted').textContent(), /Left out .*image/);
}));

test('a file that is too large is told of before it is sent', () => visit('/admin/items/new', async (page) => {
    await field(page, 'upload').evaluate((input) => { input.dataset.max = '50'; });
    await field(page, 'upload').setInputFiles(picture('large.png'));
    assert.match(await page.locator('#files-said').textContent(), /large\.png is too large/);
    assert.equal(await field(page, 'upload').evaluate((input) => input.files.length), 0);
}));

test('files are uploaded, replaced at their address, and deleted when nothing uses them', async () => {
    await visit('/admin/files', async (page) => {
        await page.getByLabel('Upload pictures or PDF').setInputFiles([picture('first.png'), picture('second.png', 16)]);
        await press(page, 'Upload');
        await page.getByRole('link', { name: 'first.png' }).click();
        const address = await page.getByRole('link', { name: 'Open' }).getAttribute('href');
        await page.getByLabel('New file').setInputFiles(picture('other.png', 16));
        await press(page, 'Replace');
        assert.equal(await page.getByRole('link', { name: 'Open' }).getAttribute('href'), address);
        assert.match(await page.locator('.facts').first().textContent(), /16 × 16/);
        await page.getByText('Delete this file').click();
        await press(page, 'Delete for good');
        assert.equal(await page.getByRole('link', { name: 'first.png' }).count(), 0);
    });
    await visit('/admin/files', async (page) => {
        await page.getByLabel('Upload pictures or PDF').setInputFiles({ name: 'page.png', mimeType: 'image/png',
                                                                       buffer: Buffer.from('<script>alert(1)</script>') });
        await press(page, 'Upload');
        assert.ok(await page.locator('#file-error').isVisible());
    });
});

test('a preview link shows a draft to people without an account', async () => {
    const path = await make({ title: 'Only for the board', body: 'Secret.' });
    await visit(path, async (page) => {
        await press(page, 'Make a preview link');
        const link = await page.getByLabel('Link for people').inputValue();
        const { pathname } = new URL(link);
        await visit(pathname, async (reader) => {
            assert.equal(await reader.locator('h1').textContent(), 'Only for the board');
            assert.ok(await reader.locator('.preview').isVisible());
            assert.equal(await reader.locator('.preview a').count(), 0);
        }, { as: null });
        const tampered = await page.request.get(`${site.url}${pathname.slice(0, -1)}${pathname.endsWith('A') ? 'B' : 'A'}`);
        assert.ok(tampered.status() >= 400);
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
    await Promise.all([page.waitForEvent('load'), row.getByRole('button').click()]);
    assert.equal(await row.getByLabel('Name').inputValue(), 'Listening');
    await page.getByLabel('Merge', { exact: true }).selectOption({ label: 'Listening' });
    await page.getByLabel('Into').selectOption({ label: 'Broadcast' });
    await press(page, 'Merge');
    assert.equal(await row.count(), 0);
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
    assert.ok(await page.locator('#error').isVisible());
    assert.equal(await page.getByLabel('User name').inputValue(), eva.name);
    await page.getByLabel('First password').fill(eva.password);
    await press(page, 'Add');
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
    const event = await make({ title: `${khmer} ${unbroken}`, summary: arabic, lang: 'km', type: 'event' }, 'Publish');
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
        'new event': go('/admin/items/new?type=event'),
        'item with a message': then(draft, 'Publish'),
        'item with a link': then(draft, 'Make a preview link'),
        'item with mistakes': async () => {
            const page = await open({ path: draft });
            await fill(page, { link: 'nonsense', slug: unbroken });
            await press(page, 'Update');
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
        activity: go('/admin/activity'),
        'activity of nobody': go('/admin/activity?action=none'),
        files: go('/admin/files'),
        'no files': go('/admin/files?q=nothing-of-the-kind'),
        file: async () => {
            const page = await open({ path: '/admin/files' });
            await page.locator('.shelf a').first().click();
            return page;
        },
        types: go('/admin/types'),
        users: go('/admin/users'),
        account: go('/admin/account'),
    };
}

async function axeFindings(page) {
    await page.evaluate(axeSource);
    const { violations } = await page.evaluate(() => globalThis.axe.run());
    return violations.map((rule) => `${rule.id}: ${rule.nodes.map((node) => node.html).join(' ')}`);
}

function smallTargets(page) {
    return page.locator('button, select, textarea, summary, input:not([type=hidden], .check *, .sides *), label.check, ' +
                        '.picks a, .pages a, a.main, nav a').evaluateAll((all) => all
        .filter((element) => element.checkVisibility() && element.getBoundingClientRect().width > 1)
        .filter((element) => Math.min(element.getBoundingClientRect().width, element.getBoundingClientRect().height) < 44)
        .map((element) => element.outerHTML.slice(0, 100)));
}

test('in every state: axe finds nothing, nothing sticks out at 320 px, targets fit a finger, the console is clean', async () => {
    for (const [name, reach] of Object.entries(await allStates())) {
        const page = await reach();
        const complaints = [];
        page.on('pageerror', (error) => complaints.push(error.message));
        page.on('console', (said) => complaints.push(said.text()));
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
    for (const path of ['/admin', '/admin/items/new', '/admin/activity', '/admin/files', '/admin/types', '/admin/users',
                        '/admin/account'])
        await page.goto(site.url + path, { waitUntil: 'networkidle' });
    assert.deepEqual(complaints, []);
    await leave(page);
});
