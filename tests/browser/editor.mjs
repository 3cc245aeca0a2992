import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
    ana, button, choice, collide, field, fill, fillLogin, itemsFound, leave, logIn,
    make, open, picture, press, publicTitles, site, startDesk, stopDesk, valuesOf, visit,
} from './harness.mjs';

const khmer = 'សហករណ៍កសិកម្មនៅកម្ពុជា';

before(startDesk);
after(stopDesk);

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
        await visit('/admin?status=scheduled', async (list) => {
            assert.deepEqual(await list.locator('.rows .name').allTextContents(), ['Not before its time']);
        });
        await fill(page, { publish_at: '' });
        await press(page, 'Update');
        assert.equal(await page.locator('.top .status').textContent(), 'Published');
        assert.ok((await publicTitles()).includes('Not before its time'));
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
        await field(page, 'upload').setInputFiles(picture());
        await page.getByLabel('What the picture shows').fill('A market at noon');
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
        await field(page, 'upload').setInputFiles(picture());
        assert.equal(await page.getByLabel('What the picture shows').inputValue(), 'A market at noon');
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
    await fill(page, { body: 'New words.', lang: 'km', type: 'interview' });
    await page.waitForFunction(() => ['New words.', 'km', 'interview'].every(
        (words) => JSON.stringify(localStorage).includes(words)));
    await page.close();

    const next = await page.context().newPage();
    await next.goto(site.url + path);
    assert.match(await next.locator('#draft').textContent(), /You have unsaved words/);
    assert.equal(await field(next, 'body').inputValue(), 'Old words.', 'nothing is put in unasked');
    await next.getByText('See them').click();
    assert.ok((await next.locator('#draft textarea').evaluateAll((all) => all.map((words) => words.value)))
        .includes('New words.'));
    assert.equal(await next.locator('#draft').getByLabel('Type').inputValue(), 'Interview', 'as the form calls it');
    await button(next, 'Restore').click();
    assert.deepEqual(await valuesOf(next, ['body', 'lang', 'type']), ['New words.', 'km', 'interview']);
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

test('two who save at once get both texts, and can merge them', async () => {
    const path = await make({ title: 'Our meeting', summary: 'A short one.', body: 'We met.' });
    const page = await collide(
        path, { title: 'My meeting', summary: 'My short one.', body: 'We met in May.', kicker: 'Mine' },
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
        await page.getByLabel('Compare with version').fill('2');
        await press(page, 'Compare');
        assert.match(await page.locator('h2').allTextContents().then((all) => all.join()), /From version 1 to version 2/);
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

test('the address is proposed from the title, until another is typed', async () => {
    const slugIs = (page, value) => page.waitForFunction(
        (wanted) => document.querySelector('[name=slug]').value === wanted, value);
    const page = await open({ path: '/admin/items/new' });
    const { y } = await field(page, 'title').boundingBox();
    await field(page, 'title').pressSequentially('Honey for');
    await slugIs(page, 'honey-for');
    await field(page, 'title').pressSequentially(' all');
    await slugIs(page, 'honey-for-all');
    assert.equal(await page.locator('[data-address] a').textContent(), '/items/honey-for-all');
    assert.equal((await field(page, 'title').boundingBox()).y, y, 'what is typed stays where it is');
    await page.locator('[data-address] a').click();
    assert.equal(await field(page, 'slug').isVisible(), true);
    await field(page, 'slug').fill('honey');
    await field(page, 'title').fill(khmer);
    await field(page, 'summary').click();
    assert.equal(await field(page, 'slug').inputValue(), 'honey', 'what was typed stays');
    await field(page, 'slug').fill('');
    await field(page, 'summary').click();
    await page.waitForFunction(() => /^[a-z0-9-]+$/.test(document.querySelector('[name=slug]').value));
    // Sent before the server could propose another one: the old one is not sent with it.
    await field(page, 'title').fill('Honey for everybody');
    await press(page, 'Save draft');
    assert.equal(await field(page, 'slug').inputValue(), 'honey-for-everybody');
    const path = new URL(page.url()).pathname;
    await field(page, 'title').fill('Honey for nobody');
    await press(page, 'Save draft');
    assert.equal(await field(page, 'slug').inputValue(), 'honey-for-everybody', 'a saved address stays');
    await leave(page);

    await visit(path, async (other) => {
        await fill(other, { slug: '' });
        await press(other, 'Save draft');
        assert.equal(await field(other, 'slug').inputValue(), 'honey-for-nobody');
        assert.equal(await field(other, 'aliases').inputValue(), 'honey-for-everybody');
    }, { javaScriptEnabled: false });

    const mistaken = await open({ path: '/admin/items/new' });
    await fill(mistaken, { title: 'Wax', link: 'nonsense' });
    await slugIs(mistaken, 'wax');
    await press(mistaken, 'Save draft');
    await field(mistaken, 'title').fill('Wax and wane');
    await slugIs(mistaken, 'wax-and-wane');
    await leave(mistaken);
});

test('names are completed behind a comma', () => visit('/admin/items/new', async (page) => {
    await make({ title: 'Somewhere', places: 'Tuvalu' });
    await page.reload();
    await field(page, 'places').fill('Nauru, T');
    assert.ok((await page.locator('#known-places option').evaluateAll((all) => all.map((option) => option.value)))
        .includes('Nauru, Tuvalu'));
}));

test('the text is shown as readers will see it, words counted', () => visit('/admin/items/new', async (page) => {
    await page.locator('.live summary').click();
    await fill(page, { title: 'One two three', body: '## Head\n\n**bold** <script>alert(1)</script>' });
    await page.locator('.live strong').waitFor();
    assert.equal(await page.locator('.live h2').textContent(), 'Head');
    assert.equal(await page.locator('.live script').count(), 0);
    const counted = (name) => page.locator(`output[for=${name}]`);
    await counted('title').getByText('3 words').waitFor();
    await fill(page, { lang: 'th', summary: 'สหกรณ์การเกษตร' });
    await counted('summary').getByText(/^[2-9] words$/).waitFor();
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
    assert.match(await page.locator('#pasted').textContent(), /Left out: .*image/);
}));

test('a file that is too large is told of before it is sent', () => visit('/admin/items/new', async (page) => {
    await field(page, 'upload').evaluate((input) => { input.dataset.max = '50'; });
    await field(page, 'upload').setInputFiles(picture('large.png'));
    assert.match(await page.locator('#files-said').textContent(), /large\.png is too large/);
    assert.equal(await field(page, 'upload').evaluate((input) => input.files.length), 0);
    await field(page, 'upload').evaluate((input) => { input.dataset.max = '100'; });
    await field(page, 'upload').setInputFiles([picture('one.png'), picture('two.png')]);
    assert.match(await page.locator('#files-said').textContent(), /Together they are too large/);
    assert.equal(await page.getByLabel('What the picture shows').count(), 0);
    await field(page, 'upload').setInputFiles(picture('one.png'));
    assert.equal(await page.locator('#files-said').textContent(), '');
    assert.equal(await page.getByLabel('What the picture shows').count(), 1);
}));

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
        const other = pathname.endsWith('AAAA') ? 'BBBB' : 'AAAA';
        const tampered = await page.request.get(site.url + pathname.slice(0, -other.length) + other);
        assert.equal(tampered.status(), 410);
        await press(page, 'Undo');
        assert.equal((await page.request.get(link)).status(), 410);
        await press(page, 'Make a preview link');
        const next = await page.getByLabel('Link for people').inputValue();
        assert.equal((await page.request.get(next)).status(), 200);
        await page.goto(site.url + path);
        await press(page, 'End all preview links');
        assert.equal((await page.request.get(next)).status(), 410);
        assert.equal(await button(page, 'End all preview links').count(), 0);
    });
});
