import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ana, press, startBrowser, startSite } from './harness.mjs';

async function setupAddress(site) {
    for (let i = 0; i < 300; i++) {
        const found = /http\S+\/admin\/setup\?token=\S+/.exec(site.printed());
        if (found)
            return found[0];
        await new Promise((resolve) => { setTimeout(resolve, 100); });
    }
    return assert.fail('the server prints no address for the first admin');
}

async function choosePassword(page, password) {
    await page.getByLabel('User name').fill(ana.name);
    await page.getByLabel('New password', { exact: true }).fill(password);
    await page.getByLabel('The new password again').fill(password);
    await press(page, 'Save the password');
}

test('the first admin comes in by the address that the server prints, once', async () => {
    const site = await startSite({ samples: [] });
    const browser = await startBrowser();
    try {
        const page = await browser.newPage({ javaScriptEnabled: false, viewport: { width: 320, height: 640 } });
        await page.goto(`${site.url}/admin`);
        assert.equal(new URL(page.url()).pathname, '/admin/login');
        const address = await setupAddress(site);
        await page.goto(address);
        await choosePassword(page, 'too short');
        assert.match(await page.locator('#password-error').textContent(), /shorter than 12/);
        assert.equal(await page.getByLabel('User name').inputValue(), ana.name);
        await choosePassword(page, ana.password);
        assert.equal(new URL(page.url()).pathname, '/admin');
        assert.equal(await page.getByRole('link', { name: 'Users' }).count(), 1, 'who came in is an admin');
        const other = await browser.newPage();
        assert.equal((await other.goto(address)).status(), 410);
        assert.equal(await other.locator('input').count(), 0);
    } finally {
        await browser.close();
        await site.stop();
    }
});
