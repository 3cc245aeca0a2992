// Starts the site with the sample items on a port of its own, and a browser to look at it.
// WARTA names the binary, CHROMIUM the browser. Every variable that begins with WARTA_ is a setting of the server.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';

const run = promisify(execFile);
const sourceDir = fileURLToPath(new URL('../..', import.meta.url));
const sampleFiles = ['samples/coop.json', 'samples/showcase.json'];
// Hashing is as slow as it is asked to be; MiB.
const passwordMemory = '8';

function isPublic(item) {
    const status = item.status ?? 'published';
    return status === 'published' && !(item.publish_at && Date.parse(item.publish_at) > Date.now());
}

async function readSamples(samples) {
    const texts = await Promise.all(samples.map((file) => readFile(join(sourceDir, file), 'utf8')));
    return texts.flatMap((text) => JSON.parse(text)).filter(isPublic);
}

async function listeningUrl(server) {
    const lines = createInterface({ input: server.stdout });
    const exit = once(server, 'exit').then(([code]) => { throw new Error(`warta serve ended with ${code}`); });
    const address = (async () => {
        for await (const line of lines) {
            const match = /^warta: listening on (http:\/\/\S+?)\/?$/.exec(line);
            if (match)
                return match[1];
        }
        return exit;
    })();
    const url = await Promise.race([address, exit]);
    exit.catch(() => {});
    server.stdout.resume();
    return url;
}

async function stopServer(server) {
    if (server.exitCode !== null || server.signalCode !== null)
        return;
    const ended = once(server, 'exit');
    server.kill('SIGTERM');
    const patience = setTimeout(() => server.kill('SIGKILL'), 5000);
    await ended;
    clearTimeout(patience);
}

async function addUser(warta, database, { name, role, password }) {
    const command = spawn(warta, ['user', 'add', name, '--role', role, '--password-stdin', '--database', database,
                                  '--password-memory', passwordMemory], { stdio: ['pipe', 'ignore', 'inherit'] });
    const ended = once(command, 'exit');
    command.stdin.end(`${password}\n`);
    const [code] = await ended;
    if (code !== 0)
        throw new Error(`warta user add ended with ${code}`);
}

/**
 * {url, items, printed, stop}: `items` are the public items of the samples, as the files have them; `printed()` is what the
 * server has printed. Without `samples` the site is empty; `users` [{name, role, password}] may log in.
 */
export async function startSite({ samples = sampleFiles, users = [] } = {}) {
    const warta = process.env.WARTA;
    if (!warta)
        throw new Error('WARTA must name the binary to test');
    const dir = await mkdtemp(join(tmpdir(), 'warta-browser-'));
    const database = join(dir, 't.db');
    let server;
    process.once('exit', () => {
        server?.kill('SIGKILL');
        rmSync(dir, { recursive: true, force: true });
    });
    for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'])
        process.once(signal, () => process.exit(1));
    const stop = async () => {
        if (server)
            await stopServer(server);
        await rm(dir, { recursive: true, force: true });
    };
    try {
        for (const file of samples)
            await run(warta, ['import', '--database', database, file], { cwd: sourceDir });
        for (const user of users)
            await addUser(warta, database, user);
        server = spawn(warta, ['serve', '--database', database, '--listen', '127.0.0.1:0', '--log-level', 'error',
                               '--password-memory', passwordMemory],
                       { cwd: sourceDir, stdio: ['ignore', 'pipe', 'inherit'] });
        let output = '';
        server.stdout.on('data', (bytes) => { output += bytes; });
        return { url: await listeningUrl(server), items: await readSamples(samples), printed: () => output, stop };
    } catch (error) {
        await stop();
        throw error;
    }
}

export function startBrowser(...more) {
    return chromium.launch({
        executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
        args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
               '--disable-component-update', '--disable-sync', ...more],
    });
}

/* --- at a desk of the newsroom --- */

export const ana = { name: 'ana', role: 'admin', password: 'correct horse battery' };
export const ben = { name: 'ben', role: 'editor', password: 'staple staple staple' };

/** Of startDesk: what startSite gives. */
export let site;
let browser;
let anaState;

/** An empty site with the users ana and ben, and a browser, for the functions below. */
export async function startDesk() {
    site = await startSite({ samples: [], users: [ana, ben] });
    browser = await startBrowser();
    const page = await open({ as: null });
    await logIn(page, ana);
    anaState = await page.context().storageState();
    await leave(page);
}

export async function stopDesk() {
    await browser?.close();
    await site?.stop();
}

/** A page of a browser of its own, logged in as ana unless `as` is null. */
export async function open({ as = ana, path = null, ...options } = {}) {
    const context = await browser.newContext({ storageState: as ? anaState : undefined, ...options });
    context.setDefaultTimeout(30000);
    const page = await context.newPage();
    if (path !== null)
        await page.goto(site.url + path);
    return page;
}

export function leave(page) {
    return page.context().close();
}

export async function logIn(page, user) {
    await page.goto(`${site.url}/admin/login`);
    await fillLogin(page, user);
    await page.waitForURL(`${site.url}/admin`);
}

export async function fillLogin(page, user) {
    await page.getByLabel('User name').fill(user.name);
    await page.getByLabel('Password').fill(user.password);
    await page.getByRole('button', { name: 'Log in' }).click();
}

/** Runs `look` on a page as `open` makes it. */
export async function visit(path, look, options = {}) {
    const page = await open({ path, ...options });
    try {
        return await look(page);
    } finally {
        await leave(page);
    }
}

export const button = (page, name) => page.getByRole('button', { name, exact: true });
export const field = (page, name) => page.locator(`.edit [name=${name}]`);
export const message = (page) => page.locator('.done p').first();

/** Presses the button and waits for the page that the server sends after it. */
export async function press(page, name) {
    await Promise.all([page.waitForEvent('load'), button(page, name).click()]);
}

export async function fill(page, values) {
    for (const [name, value] of Object.entries(values)) {
        const control = field(page, name);
        const folded = page.locator('details:not([open])', { has: page.locator(`[name=${name}]`) });
        if (await folded.count() > 0)
            await folded.locator('> summary').click();
        await (name === 'type' ? control.selectOption(value) : control.fill(value));
    }
}

export function valuesOf(page, names) {
    return Promise.all(names.map((name) => field(page, name).inputValue()));
}

/** Makes an item by its form and returns the path of its page in the admin. */
export async function make(values, how = 'Save draft') {
    return visit('/admin/items/new', async (page) => {
        await fill(page, values);
        await press(page, how);
        if (await page.locator('#errors').count() > 0)
            await press(page, how);
        const path = new URL(page.url()).pathname;
        assert.match(path, /^\/admin\/items\/\d+$/, await page.locator('main').innerText());
        return path;
    }, { javaScriptEnabled: false });
}

export function publicTitles() {
    return visit('/', (page) => page.locator('.card h3').allTextContents(), { as: null });
}

export function itemsFound(words) {
    return visit(`/admin?q=${encodeURIComponent(words)}`, (page) => page.locator('.rows .name').allTextContents());
}

/** Presses Tab until the control has the focus. */
export async function tabTo(page, control) {
    for (let i = 0; i < 60; i++) {
        if (await control.evaluate((element) => element === document.activeElement))
            return;
        await page.keyboard.press('Tab');
    }
    assert.fail(`the keyboard does not reach ${control}`);
}

/** A white square of 8 or 16 pixels, as a file to be chosen. */
export function picture(name = 'market day.png', size = 8) {
    const squares = {
        8: 'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAIAQAAAADsdIMmAAAADElEQVR42mP4z4ACAT/QB/lnLUmhAAAAAElFTkSuQmCC',
        16: 'iVBORw0KGgoAAAANSUhEUgAAABAAAAAQAQAAAAA3iMLMAAAADklEQVR42mP4/5+BFAQA/U4f4d7IdZcAAAAASUVORK5CYII=',
    };
    return { name, mimeType: 'image/png', buffer: Buffer.from(squares[size], 'base64') };
}

/** Opens the item's form, lets somebody else change it, and sends it. */
export async function collide(path, mine, theirs, options) {
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

export const choice = (page, label) => page.locator('.choice', { has: page.locator('legend', { hasText: label }) });
