// Starts the site with the sample items on a port of its own, and a browser to look at it.
// WARTA names the binary, WARTA_SOURCE_DIR the folder with samples/, CHROMIUM the browser.

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
const sourceDir = process.env.WARTA_SOURCE_DIR ?? fileURLToPath(new URL('../..', import.meta.url));
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
 * {url, items, stop}: `items` are the public items of the samples, as the files have them. Without `samples` the site
 * is empty; `users` [{name, role, password}] may log in.
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
        return { url: await listeningUrl(server), items: await readSamples(samples), stop };
    } catch (error) {
        await stop();
        throw error;
    }
}

export function startBrowser() {
    return chromium.launch({
        executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
        args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
               '--disable-component-update', '--disable-sync'],
    });
}
