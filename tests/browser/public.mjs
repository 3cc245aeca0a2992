import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { brotliCompressSync } from 'node:zlib';
import { startBrowser, startSite } from './harness.mjs';

const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const firstFlightBytes = 14336;
const threeFilters = '/?type=news&type=project&lang=en';

let site;
let browser;

before(async () => {
    site = await startSite();
    browser = await startBrowser();
});

after(async () => {
    await browser?.close();
    await site?.stop();
});

/** Opens `path` and hands the page to `look`; without script, as every page must work, unless `options` has it on. */
async function visit(path, look, options = {}) {
    const context = await browser.newContext({ javaScriptEnabled: false, ...options });
    try {
        context.setDefaultTimeout(30000);
        const page = await context.newPage();
        const response = await page.goto(site.url + path);
        return await look(page, response);
    } finally {
        await context.close();
    }
}

function cardsOf(page) {
    return page.locator('.month').evaluateAll((months) => months.flatMap((section) =>
        [...section.querySelectorAll('article')].map((card) => ({
            month: section.querySelector('h2 time').getAttribute('datetime'),
            title: card.querySelector('h3 a').textContent,
            href: card.querySelector('h3 a').getAttribute('href'),
            date: card.querySelector('.when time')?.getAttribute('datetime') ?? null,
            lang: card.getAttribute('lang'),
            dir: card.getAttribute('dir'),
        }))));
}

function typesOf(page) {
    return page.locator('nav .picks a:has(.count)').evaluateAll((links) => links.map((link) => ({
        name: link.firstChild.textContent.trim(),
        items: Number(link.querySelector('.count').textContent),
        selected: link.getAttribute('aria-current') === 'true',
        nofollow: link.rel === 'nofollow',
    })));
}

function valuesOf(page) {
    return page.locator('fieldset label').evaluateAll((labels) => labels.map((label) => ({
        param: label.querySelector('input').name,
        value: label.querySelector('input').value,
        name: label.querySelector('span').textContent,
        items: Number(label.querySelector('.count').textContent),
        checked: label.querySelector('input').checked,
    })));
}

function chipsOf(page) {
    return page.locator('.chips b').allTextContents();
}

function typeLink(page, name) {
    return page.locator('nav .picks a', { hasText: new RegExp(`^${name}\\b`) });
}

async function totalOf(page) {
    const words = await page.getByRole('status').textContent();
    return words.startsWith('No ') ? 0 : Number(/^([\d,]+) items?$/.exec(words)[1]);
}

function queryOf(page) {
    return [...new URL(page.url()).searchParams].map(([key, value]) => `${key}=${value}`);
}

function plain(text) {
    return text.normalize('NFC').replace(/\s+/g, ' ').trim();
}

/** A filter that leaves no item: a type and a place that no item has together. */
async function emptyPath() {
    return visit('/', async (page) => {
        const places = (await valuesOf(page)).filter((value) => value.param === 'place');
        for (const type of new Set(site.items.map((item) => item.type))) {
            for (const place of places) {
                if (!site.items.some((item) => item.type === type && item.places?.includes(place.name)))
                    return `/?type=${type}&place=${place.value}`;
            }
        }
        return assert.fail('every type has items in every place');
    });
}

async function firstItemPath() {
    return visit('/', async (page) => (await cardsOf(page))[0].href);
}

async function allPaths() {
    return {
        listing: '/',
        filtered: threeFilters,
        empty: await emptyPath(),
        item: await firstItemPath(),
        'unknown value': '/?type=no-such-type',
        'not found': '/items/no-such-item',
        malformed: '/?before=nonsense',
    };
}

test('the listing has every public item once, newest first, under its month', () => visit('/', async (page) => {
    const cards = [];
    assert.equal(await totalOf(page), site.items.length);
    for (;;) {
        const shown = await cardsOf(page);
        assert.ok(shown.length > 0 && shown.length <= 20);
        cards.push(...shown);
        if (await page.locator('a[rel=next]').count() === 0)
            break;
        await page.locator('a[rel=next]').click();
    }
    const titles = (list) => list.map((item) => plain(item.title)).sort();
    assert.deepEqual(titles(cards), titles(site.items));
    assert.equal(new Set(cards.map((card) => card.href)).size, cards.length);
    const dated = cards.filter((card) => card.date !== null);
    for (const [i, card] of dated.entries()) {
        assert.equal(card.month, card.date.slice(0, 7));
        assert.ok(i === 0 || card.date <= dated[i - 1].date, `${card.title} is not in its place`);
    }
    assert.ok(cards.every((card, i) => i === 0 || card.month <= cards[i - 1].month), 'months go back in time');
}));

test('dates, kickers and summaries are those of the items', () => visit('/', async (page) => {
    for (const card of (await cardsOf(page)).slice(0, 5)) {
        const article = page.locator('article', { has: page.locator(`a[href="${card.href}"]`) });
        const item = site.items.find((other) => plain(other.title) === plain(card.title));
        assert.equal(card.date, item.date ?? null);
        if (item.kicker)
            assert.equal(plain(await article.locator('.kicker').textContent()), plain(item.kicker));
        if (item.summary)
            assert.equal(plain(await article.locator('.summary').textContent()), plain(item.summary));
    }
}));

test('types toggle by click, add up, and say their counts', () => visit('/', async (page) => {
    const types = await typesOf(page);
    const [first, second] = types.filter((type) => type.items > 0);
    const news = types.find((type) => type.name === 'News');
    assert.equal(news.items, site.items.filter((item) => item.type.toLowerCase() === 'news').length);
    assert.equal(types.reduce((sum, type) => sum + type.items, 0), site.items.length);
    assert.ok(types.every((type) => !type.selected && !type.nofollow));
    assert.equal(await typeLink(page, 'All').getAttribute('aria-current'), 'true');

    await typeLink(page, first.name).click();
    assert.equal(await totalOf(page), first.items);
    assert.ok((await typesOf(page)).every((type) => type.selected === (type.name === first.name) && type.nofollow));

    await typeLink(page, second.name).click();
    assert.equal(await totalOf(page), first.items + second.items);
    assert.deepEqual(await chipsOf(page), [first.name, second.name]);

    await typeLink(page, first.name).click();
    assert.equal(await totalOf(page), second.items);
    assert.deepEqual(await chipsOf(page), [second.name]);

    await typeLink(page, 'All').click();
    assert.equal(await totalOf(page), site.items.length);
    assert.deepEqual(queryOf(page), []);
}));

test('a keyboard reaches the skip link first, then the types', () => visit('/', async (page) => {
    const focused = page.locator(':focus');
    await page.keyboard.press('Tab');
    assert.equal(await focused.getAttribute('href'), '#main');
    assert.ok((await focused.boundingBox()).y >= 0, 'the skip link shows itself');
    assert.notEqual(await focused.evaluate((link) => getComputedStyle(link).outlineStyle), 'none');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    assert.match(await focused.textContent(), /^All/);
    await page.keyboard.press('Tab');
    assert.notEqual(await focused.evaluate((link) => getComputedStyle(link).outlineStyle), 'none');
    const [first] = await typesOf(page);
    await Promise.all([page.waitForURL(/type=/), page.keyboard.press('Enter')]);
    assert.equal(await totalOf(page), first.items);
    assert.deepEqual(await chipsOf(page), [first.name]);
}));

test('the other filters open, combine with the type and are told by chips', () => visit('/?type=news', async (page) => {
    const details = page.locator('details');
    assert.equal(await details.getAttribute('open'), null);
    await page.locator('summary').focus();
    await page.keyboard.press('Enter');
    const values = await valuesOf(page);
    assert.deepEqual([...new Set(values.map((value) => value.param))], ['place', 'topic', 'year', 'lang']);
    assert.equal(new Set(values.map((value) => `${value.param}=${value.value}`)).size, values.length);
    const place = values.find((value) => value.param === 'place' && value.items > 0);
    await page.locator('fieldset label', { has: page.locator(`[name="place"][value="${place.value}"]`) }).click();
    await page.getByRole('button', { name: 'Show' }).click();
    assert.deepEqual(queryOf(page), ['type=news', `place=${place.value}`]);
    assert.equal(await totalOf(page), place.items);
    assert.equal(await details.getAttribute('open'), null);
    assert.deepEqual((await valuesOf(page)).filter((value) => value.checked).map((value) => value.value), [place.value]);
    assert.deepEqual(await chipsOf(page), ['News', place.name]);
    assert.ok(await page.locator('.result').evaluate((result) => Math.abs(result.getBoundingClientRect().top) < 5 ||
        document.documentElement.scrollHeight - innerHeight - scrollY < 5), 'the result is in view');
}));

test('a chip takes back one filter, the reset all of them', () => visit(threeFilters, async (page) => {
    assert.equal((await chipsOf(page)).length, 3);
    await page.locator('.chips a', { hasText: 'Project' }).click();
    assert.deepEqual(queryOf(page), ['type=news', 'lang=en']);
    await page.locator('.chips a', { hasText: 'Type' }).click();
    assert.deepEqual(queryOf(page), ['lang=en']);
    await page.locator('.chips .reset').click();
    assert.deepEqual(queryOf(page), []);
    assert.deepEqual(await chipsOf(page), []);
    assert.equal(await totalOf(page), site.items.length);
}));

test('older and newer pages keep the filters', () => visit('/', async (page) => {
    const [largest] = (await valuesOf(page)).sort((a, b) => b.items - a.items);
    assert.ok(largest.items > 20, 'the samples fill more than one page');
    await page.goto(`${site.url}/?${largest.param}=${largest.value}`);
    const first = await cardsOf(page);
    assert.equal(first.length, 20);
    assert.equal(await page.locator('a[rel=prev]').count(), 0);
    await page.locator('a[rel=next]').click();
    assert.ok(queryOf(page).includes(`${largest.param}=${largest.value}`));
    assert.deepEqual(await chipsOf(page), [largest.name]);
    assert.equal(await totalOf(page), largest.items);
    const second = await cardsOf(page);
    assert.ok(second.every((card) => !first.some((other) => other.href === card.href)));
    await page.locator('a[rel=prev]').click();
    assert.ok(queryOf(page).includes(`${largest.param}=${largest.value}`));
    assert.deepEqual(await cardsOf(page), first);
}));

test('an item has its page, with its neighbours and its other forms', () => visit('/', async (page) => {
    const [newest, second] = await cardsOf(page);
    await page.locator('h3 a').first().click();
    assert.equal(await page.locator('h1').textContent(), newest.title);
    assert.equal(await page.locator('meta[property="og:title"]').getAttribute('content'), newest.title);
    assert.ok((await page.title()).startsWith(`${newest.title} – `));
    assert.ok((await page.locator('link[rel=canonical]').getAttribute('href')).endsWith(newest.href));
    assert.equal(await page.locator('.pages [rel=prev]').count(), 0);
    for (const link of await page.locator('.facts a').all()) {
        const response = await page.request.get(site.url + await link.getAttribute('href'));
        assert.equal(response.status(), 200, await link.getAttribute('href'));
    }
    await page.locator('.pages [rel=next]').click();
    assert.equal(await page.locator('h1').textContent(), second.title);
    await page.locator('.pages [rel=prev]').click();
    assert.equal(await page.locator('h1').textContent(), newest.title);
}));

test('words in another language say so', () => visit('/', async (page) => {
    const foreign = new Map(site.items.filter((item) => (item.lang ?? 'en') !== 'en')
        .map((item) => [plain(item.title), item.lang]));
    assert.ok(foreign.size > 0, 'the samples have items in other languages');
    assert.equal(await page.locator('html').getAttribute('lang'), 'en');
    let seen = 0;
    const opened = new Set();
    for (;;) {
        for (const card of await cardsOf(page)) {
            const lang = foreign.get(plain(card.title)) ?? null;
            assert.equal(card.lang, lang, card.title);
            if (lang === null)
                continue;
            assert.equal(card.dir, /^(ar|dv|fa|he|ps|ur)\b/.test(lang) ? 'rtl' : 'ltr');
            seen++;
            if (opened.has(lang))
                continue;
            opened.add(lang);
            await visit(card.href, async (item) => {
                const header = item.locator('.item > header');
                assert.equal(await header.getAttribute('lang'), lang);
                if (card.date !== null)
                    assert.equal(await header.locator('.when').getAttribute('lang'), 'en');
            });
        }
        if (await page.locator('a[rel=next]').count() === 0)
            break;
        await page.locator('a[rel=next]').click();
    }
    assert.equal(seen, foreign.size);
}));

test('an empty result says what to do', async () => visit(await emptyPath(), async (page, response) => {
    assert.equal(response.status(), 200);
    assert.equal(await totalOf(page), 0);
    assert.equal(await page.locator('article').count(), 0);
    await page.locator('.note a').click();
    assert.equal(await totalOf(page), site.items.length);
}));

test('what is not there answers 404 in words', async () => {
    await visit('/items/no-such-item', async (page, response) => {
        assert.equal(response.status(), 404);
        assert.equal(await page.locator('h1').count(), 1);
        await page.locator('main a').click();
        assert.equal(await totalOf(page), site.items.length);
    });
    await visit('/?type=no-such-type', async (page, response) => {
        assert.equal(response.status(), 404);
        assert.match(await page.locator('.note').textContent(), /no-such-type/);
        assert.equal(await page.locator('h1').count(), 1);
        assert.match(await page.locator('meta[name=robots]').getAttribute('content'), /noindex/);
        await page.locator('.chips .reset').click();
        assert.equal(await totalOf(page), site.items.length);
    });
});

test('a malformed parameter answers 400 and is named', async () => {
    const malformed = { before: 'nonsense', after: 'nonsense', year: 'soon', place: 'No%20Place' };
    for (const [name, value] of Object.entries(malformed)) {
        await visit(`/?${name}=${value}`, async (page, response) => {
            assert.equal(response.status(), 400, `${name}=${value}`);
            assert.match(await page.locator('main').textContent(), new RegExp(name));
        });
    }
});

test('no page holds script or inline style, nor asks for more than its styles and icon', async () => {
    for (const [name, path] of Object.entries(await allPaths())) {
        const context = await browser.newContext();
        const page = await context.newPage();
        const requests = [];
        const complaints = [];
        page.on('request', (request) => requests.push(request));
        page.on('pageerror', (error) => complaints.push(error.message));
        page.on('console', (message) => {
            if (message.location().url !== page.url() || !/Failed to load resource.*\b40[04]\b/.test(message.text()))
                complaints.push(message.text());
        });
        await page.goto(site.url + path, { waitUntil: 'networkidle' });
        assert.deepEqual(complaints, [], name);
        for (const request of requests) {
            const { origin, pathname } = new URL(request.url());
            assert.equal(origin, site.url);
            if (!request.isNavigationRequest())
                assert.match(pathname, /^\/static\/[\w-]+\.[0-9a-f]+\.(css|svg)$/);
        }
        assert.equal(await page.locator('script, style, [style], iframe, object').count(), 0, name);
        assert.equal(await page.evaluate(() => [...document.querySelectorAll('*')].some((element) =>
            [...element.attributes].some((attribute) => attribute.name.startsWith('on')))), false, name);
        await context.close();
    }
});

async function axeFindings(page) {
    const { violations } = await page.evaluate(() => globalThis.axe.run());
    return violations.map((rule) => `${rule.id}: ${rule.nodes.map((node) => node.html).join(' ')}`);
}

test('axe finds nothing to object to', async () => {
    for (const [name, path] of Object.entries(await allPaths())) {
        await visit(path, async (page) => {
            await page.evaluate(axeSource);
            for (const width of [360, 1280]) {
                for (const colorScheme of ['light', 'dark']) {
                    await page.setViewportSize({ width, height: 800 });
                    await page.emulateMedia({ colorScheme });
                    assert.deepEqual(await axeFindings(page), [], `${name} at ${width} px, ${colorScheme}`);
                }
            }
        }, { javaScriptEnabled: true });
    }
});

test('nothing sticks out at 320 px, and filters are large enough for a finger', async () => {
    const options = { viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true };
    for (const [name, path] of Object.entries(await allPaths())) {
        await visit(path, async (page) => {
            const width = await page.locator('html').evaluate((html) => html.scrollWidth);
            assert.ok(width <= 320, `${name} is ${width} px wide`);
            if (await page.locator('details:not([open]) > summary').isVisible())
                await page.locator('summary').click();
            for (const target of await page.locator('.picks a, .picks label, summary, button, .chips a').all()) {
                if (!await target.isVisible())
                    continue;
                const box = await target.boundingBox();
                assert.ok(box.height >= 44, `${name}: ${await target.textContent()} is ${box.height} px high`);
            }
        }, options);
    }
});

test('print leaves the words and drops the controls', () => visit('/', async (page) => {
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    assert.ok(await page.locator('h3').first().isVisible());
    for (const control of ['.filters', '.pages', 'footer', '.skip'])
        assert.equal(await page.locator(control).isVisible(), false, control);
    assert.equal(await page.locator('h3 a').first().evaluate((link) => getComputedStyle(link).color), 'rgb(35, 0, 80)');
}));

test('a chosen type is told apart without colour', () => visit('/?type=news', async (page) => {
    const mark = (link) => link.evaluate((element) => getComputedStyle(element, '::before').content);
    assert.match(await mark(typeLink(page, 'News')), /✓/);
    assert.equal(await mark(typeLink(page, 'All')), 'none');
}));

test('the listing and its styles come in the first flight', () => visit('/', async (page) => {
    const styles = await page.locator('link[rel=stylesheet]').evaluateAll((links) => links.map((link) => link.href));
    let bytes = 0;
    for (const url of [`${site.url}/`, ...styles])
        bytes += brotliCompressSync(await (await page.request.get(url)).body()).length;
    assert.ok(bytes <= firstFlightBytes, `${bytes} bytes`);
}));
