// Below a path, with TLS ended by nginx as deploy/nginx-subpath.conf sets it up: a browser logs in, posts, and sees it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { button, field, fill, fillLogin, message, picture, press, startBrowser } from './harness.mjs';

const ana = { name: 'ana', password: 'the tiger swims at dawn' };
let browser;

before(async () => { browser = await startBrowser('--host-resolver-rules=MAP www.example.org 127.0.0.1'); });
after(() => browser?.close());

/** Runs `look` with the address of a site behind nginx. */
async function behind(how, look) {
    const proxies = fileURLToPath(new URL('../harness/proxies.py', import.meta.url));
    const started = spawn('python3', ['-B', proxies, 'nginx', '/news', ...how], { stdio: ['pipe', 'pipe', 'inherit'] });
    const ended = once(started, 'exit');
    try {
        const [url] = await Promise.race([once(createInterface({ input: started.stdout }), 'line'),
                                          ended.then(([code]) => { throw new Error(`no proxy: ${code}`); })]);
        await look(url);
    } finally {
        started.stdin.end();
        await ended;
    }
}

async function logInAndPost(url) {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    context.setDefaultTimeout(30000);
    const page = await context.newPage();
    const outside = [], failed = [];
    page.on('request', (request) => {
        if (!request.url().startsWith(`${url}/`) && !/^(data|blob):/.test(request.url()))
            outside.push(request.url());
    });
    page.on('response', (response) => {
        if (response.status() >= 400)
            failed.push(`${response.status()} ${response.url()}`);
    });

    await page.goto(`${url}/admin`);
    await fillLogin(page, ana);
    await page.waitForURL(`${url}/admin`);
    const [cookie] = await context.cookies();
    assert.deepEqual([cookie.name, cookie.path, cookie.secure, cookie.httpOnly, cookie.sameSite],
                     ['__Secure-warta', '/news', true, true, 'Lax']);

    await page.getByRole('link', { name: 'New item' }).click();
    await fill(page, { title: 'Posted below a path', summary: 'By way of nginx.', body: 'With **weight**.' });
    await field(page, 'upload').setInputFiles(picture());
    await page.getByLabel('What the picture shows').fill('A white square');
    // The preview comes from the server by script, the form's own request by the page.
    await page.locator('strong', { hasText: 'weight' }).waitFor();
    await press(page, 'Publish');
    assert.match(await message(page).textContent(), /Published/);

    await page.goto(`${url}/`);
    await page.getByRole('link', { name: 'Posted below a path' }).click();
    assert.equal(new URL(page.url()).pathname, '/news/items/posted-below-a-path');
    assert.equal(await page.locator('.body strong').textContent(), 'weight');
    const file = await page.locator('[href*="/files/"], [src*="/files/"]').first().evaluate((element) => element.href ?? element.src);
    assert.ok(file.startsWith(`${url}/files/`), file);
    assert.notEqual(await page.evaluate(() => document.styleSheets[0].cssRules.length), 0);
    assert.equal((await page.goto(file)).headers()['content-type'], 'image/png');

    await page.goto(`${url}/admin`);
    await Promise.all([page.waitForURL(`${url}/admin/login`), button(page, 'Log out').click()]);
    assert.deepEqual(outside, []);
    assert.deepEqual(failed, []);
    await context.close();
}

test('with the prefix kept, a browser logs in, posts and sees it', () => behind([], logInAndPost));
test('with the prefix taken off, a browser logs in, posts and sees it', () => behind(['strip'], logInAndPost));
