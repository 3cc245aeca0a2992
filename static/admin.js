'use strict';
{
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const on = (target, type, action) => target.addEventListener(type, action);
const editor = $('.edit');

function later(action, ms) {
    let timer;
    return () => {
        clearTimeout(timer);
        timer = setTimeout(action, ms);
    };
}

/* A browser may refuse to store. */
function attempt(action) {
    try {
        return action();
    } catch {
        return undefined;
    }
}

/* The words for it are in the page. */
function say(what) {
    const place = $('#said');
    if (place)
        place.textContent = what ? place.dataset[what] : '';
}

/* --- every page --- */

/* The server takes a form once in any case; this shows that it is on its way. */
function sendOnce(form) {
    const setDisabled = (disabled) => $$('button', form).forEach((button) => { button.disabled = disabled; });
    on(form, 'submit', (event) => {
        if (event.submitter?.formTarget)
            return;
        say('sending');
        // A disabled button's value would not be sent; and who stops the browser must be able to send again.
        setTimeout(setDisabled, 0, true);
        setTimeout(setDisabled, 8000, false);
    });
    on(window, 'pageshow', () => setDisabled(false));
}

function chooseMany(form) {
    const boxes = $$('[name=item]', form);
    const all = $('[data-all]', form);
    const show = () => {
        const chosen = boxes.filter((box) => box.checked).length;
        $('[data-chosen] [role=status]', form).textContent = `${chosen} chosen`;
        all.checked = chosen === boxes.length;
    };
    all.parentNode.hidden = false;
    on(form, 'change', (event) => {
        if (event.target === all)
            boxes.forEach((box) => { box.checked = all.checked; });
        show();
    });
    show();
}

/* Each choice's value is its words; the third one's are what is typed. */
function mergeByHand(choice) {
    const [radio, words] = $$('.own input, .own textarea', choice);
    $('.own', choice).hidden = false;
    on(words, 'input', () => { radio.value = words.value; });
    on(choice, 'change', (event) => {
        if (event.target.name && event.target !== radio)
            radio.value = words.value = event.target.value;
    });
}

/* --- fields of the editor --- */

function countWords(output) {
    const field = $(`#${output.htmlFor}`);
    const show = () => {
        const parts = new Intl.Segmenter(field.lang || 'en', { granularity: 'word' }).segment(field.value);
        const words = [...parts].filter((part) => part.isWordLike).length;
        output.textContent = words ? `${words} word${words === 1 ? '' : 's'}` : '';
    };
    // Not at each letter, as it is read out.
    on(field, 'input', later(show, 700));
    show();
}

function keepOnOneLine(field) {
    on(field, 'keydown', (event) => {
        if (event.key === 'Enter' && !event.isComposing)
            event.preventDefault();
    });
}

/* A datalist completes a whole value; here it completes the last of several names. */
function completeNames(input) {
    const names = $$('option', input.list).map((option) => option.value);
    on(input, 'input', () => {
        const before = /^(?:(?:[^",]|"[^"]*")*,)*/.exec(input.value)[0];
        const taken = (before.match(/"[^"]*"|[^",]+/g) ?? []).map((name) => name.trim());
        input.list.replaceChildren(...names.filter((name) => !taken.includes(name))
            .map((name) => new Option('', before ? `${before} ${name}` : name)));
    });
}

/* A day and perhaps a time, chosen instead of typed; a datetime-local cannot be without its time. */
function chooseWhen(text) {
    const pair = text.nextElementSibling;
    const [day, time] = pair.children;
    const show = () => { [day.value, time.value] = text.value.split('T').concat(''); };
    if (text.value && !/^\d{4}-\d\d-\d\d(T\d\d:\d\d)?$/.test(text.value))
        return;
    $(`#${text.id}-hint`).textContent = pair.dataset.hint;
    for (const name of ['id', 'aria-describedby', 'aria-invalid'])
        if (text.hasAttribute(name))
            day.setAttribute(name, text.getAttribute(name));
    text.removeAttribute('id');
    text.hidden = !(pair.hidden = false);
    on(text, 'input', show);
    on(pair, 'input', () => { text.value = day.value && time.value ? `${day.value}T${time.value}` : day.value; });
    show();
}

function namePublishing(button) {
    const time = $('#publish_at');
    const words = [button.textContent, button.dataset.later];
    const show = () => {
        const now = new Date().toLocaleString('sv', { timeZone: time.dataset.zone }).replace(' ', 'T');
        button.textContent = words[Number(time.value > now)];
    };
    on(time, 'input', show);
    show();
}

/* --- what the server helps with --- */

/** Null, and said, when it does not. */
async function ask(path, values) {
    const body = new URLSearchParams({ csrf: $('[name=csrf]', editor).value, ...values });
    const response = await fetch(editor.dataset.base + path, { method: 'POST', body }).catch(() => null);
    say(response?.ok ? '' : response?.status === 403 ? 'ended' : 'silent');
    return response?.ok ? response : null;
}

function previewText(live) {
    const text = $('#body');
    const show = async () => {
        const body = text.value;
        const response = live.open && await ask('/admin/markdown', { body });
        // The server's renderer leaves nothing in that could run. An answer to older words comes too late.
        if (response && body === text.value)
            $('.body', live).innerHTML = await response.text();
    };
    live.hidden = false;
    on(text, 'input', later(show, 400));
    on(live, 'toggle', show);
    live.open = matchMedia('(min-width: 74rem)').matches;
}

/* The address is made from the title as the server makes it, until somebody types another one. Meanwhile the field is empty, so
   that none is sent that was made of half a title. */
async function proposeAddress(slug) {
    const title = $('#title');
    const place = $('[data-address]');
    const make = async () => {
        const response = title.value.trim() && await ask('/admin/slug', { title: title.value, id: slug.dataset.item });
        return response ? (await response.json()).slug : '';
    };
    let chosen = slug.value !== '';
    const show = () => {
        $('a', place).textContent = `${editor.dataset.base}/items/${slug.value || '…'}`;
    };
    const propose = later(async () => {
        const words = title.value;
        const made = chosen ? '' : await make();
        if (!chosen && words === title.value)
            slug.value = made;
        show();
    }, 400);
    on(title, 'input', () => {
        if (chosen)
            return;
        slug.value = '';
        propose();
    });
    on(slug, 'input', () => {
        chosen = slug.value !== '';
        show();
    });
    on(slug, 'change', propose);
    on(place, 'click', () => { slug.closest('details').open = true; });
    place.hidden = false;
    show();
    // A new item's that comes back with a mistake elsewhere is still the proposed one, unless it was typed.
    if (chosen && !slug.dataset.item)
        chosen = slug.value !== await make();
}

async function cleanPaste(event) {
    const [html, plain] = ['text/html', 'text/plain'].map((type) => event.clipboardData.getData(type));
    if (!html)
        return;
    event.preventDefault();
    const response = await ask('/admin/clean', { html });
    const { markdown, dropped } = response ? await response.json() : { markdown: plain, dropped: ['all markup'] };
    event.target.focus();
    // The one way to insert that the browser's own Undo knows of.
    document.execCommand('insertText', false, markdown);
    $('#pasted').textContent = dropped.length ? `Left out: ${dropped.join(', ')}.` : '';
}

/* The server would take none of them, and only after all were sent. */
function refuseTooLarge(input) {
    on(input, 'change', () => {
        const files = [...input.files];
        const isTooLarge = files.reduce((sum, file) => sum + file.size, 0) > Number(input.dataset.max);
        $('#files-said').textContent = !isTooLarge ? ''
            : files.length === 1 ? `${files[0].name} is too large.`
                : 'Together they are too large. Choose some of them now, and the others after that.';
        if (isTooLarge)
            input.value = '';
    });
}

/* Chosen pictures are shown, and described in step with the files. */
function describeUploads(input) {
    on(input, 'change', () => {
        $('#chosen').replaceChildren(...[...input.files].map(describeUpload));
    });
}

function describeUpload(file, i) {
    const part = $('#upload').content.cloneNode(true);
    const [picture, label, hint, alt] = $$('img, label, p, input', part);
    if (!file.type.startsWith('image/')) {
        alt.type = 'hidden';
        return alt;
    }
    // What was typed before a session ended; the files themselves cannot be kept.
    alt.value = $$('[data-upload-alt]')[i]?.value ?? '';
    picture.src = URL.createObjectURL(file);
    hint.append(` ${file.name}`);
    label.htmlFor = alt.id = `upload-${i}`;
    hint.id = `${alt.id}-hint`;
    alt.setAttribute('aria-describedby', hint.id);
    return part;
}

/* --- what is typed and not saved yet --- */

const isText = 'textarea, select, input:not([type=hidden], [type=file], [type=checkbox], [name=upload_alt])';
const fields = () => $$(isText, editor).filter((field) => field.name);
const keyOf = (field) => field.dataset.key ?? field.name;
const draftPrefix = editor && `warta ${editor.dataset.base} ${editor.dataset.draft} `;
// Each page has its own, so that two new items written at once do not meet.
const draftKey = editor && draftPrefix + $('[name=request_id]', editor).value;
let sending = false;

function isChanged(field) {
    const chosen = field.options && ([...field.options].find((option) => option.defaultSelected) ?? field.options[0]);
    return field.value !== (chosen ? chosen.value : field.defaultValue);
}

const wordsChanged = () => 'unsaved' in editor.dataset || fields().some(isChanged);

function keepDraft() {
    const draft = { at: Date.now(), changed: Number(editor.dataset.changed),
                    values: Object.fromEntries(fields().map((field) => [keyOf(field), field.value])) };
    attempt(() => (wordsChanged() ? localStorage.setItem(draftKey, JSON.stringify(draft))
                                  : localStorage.removeItem(draftKey)));
}

function draftsOfBefore() {
    return (attempt(() => Object.keys(localStorage)) ?? [])
        .filter((key) => key.startsWith(draftPrefix) && key !== draftKey)
        .map((key) => ({ key, ...attempt(() => JSON.parse(localStorage.getItem(key))) }))
        .sort((a, b) => b.at - a.at);
}

function differing(draft) {
    return fields().filter((field) => (draft.values?.[keyOf(field)] ?? field.value) !== field.value);
}

function offerDrafts() {
    keepDraft();
    for (const draft of draftsOfBefore()) {
        if (differing(draft).length)
            return offer(draft, $('#draft'));
        // The form holds it already, and keeps it from now on under its own name.
        localStorage.removeItem(draft.key);
    }
}

function showWords(field, value) {
    const [label, words] = ['label', 'textarea'].map((name) => document.createElement(name));
    const chosen = [...field.options ?? []].find((option) => option.value === value);
    Object.assign(words, { value: chosen?.text ?? value, readOnly: true, dir: 'auto' });
    label.append($('label', field.closest('.field')).textContent, words);
    return label;
}

function offer(draft, place) {
    const [restore, discard] = $$('button', place);
    const found = differing(draft);
    const newer = Number(editor.dataset.changed) > draft.changed;
    const end = () => {
        localStorage.removeItem(draft.key);
        place.hidden = true;
        $('#title').focus();
    };
    $('time', place).textContent = new Date(draft.at).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' });
    $('[data-newer]', place).hidden = !newer;
    $('details', place).open = newer;
    $('details', place).append(...found.map((field) => showWords(field, draft.values[keyOf(field)])));
    on(discard, 'click', end);
    on(restore, 'click', () => {
        for (const field of found) {
            field.value = draft.values[keyOf(field)];
            field.dispatchEvent(new Event('input'));
        }
        keepDraft();
        end();
    });
    place.hidden = false;
}

function keepWhatIsTyped() {
    offerDrafts();
    on(editor, 'input', later(keepDraft, 500));
    on(window, 'pagehide', keepDraft);
    // A phone may end a page that is out of sight without a word.
    on(document, 'visibilitychange', keepDraft);
    on(editor, 'submit', (event) => {
        if (event.submitter?.formTarget)
            return;
        sending = true;
        setTimeout(() => { sending = false; }, 8000);
        attempt(() => sessionStorage.setItem('warta sent', draftKey));
    });
    on(window, 'beforeunload', (event) => {
        if (!sending && (wordsChanged() || $('#files').files.length || $('[name=file_remove]:checked')))
            event.preventDefault();
    });
}

/* Only an address that says so proves that what was sent is saved. */
function forgetWhatIsSaved() {
    if (/[?&]done=(created|saved|published|scheduled|unpublished)\b/.test(location.search))
        attempt(() => localStorage.removeItem(sessionStorage.getItem('warta sent')));
}

/* --- begin --- */

forgetWhatIsSaved();
$('#errors, #error[tabindex], [aria-invalid=true]')?.focus();
$$('[data-once]').forEach(sendOnce);
$$('[readonly]').forEach((input) => on(input, 'focus', () => input.select()));
$$('[data-bulk]').forEach(chooseMany);
$$('.choice').forEach(mergeByHand);
$$('[data-max]').forEach(refuseTooLarge);
if (editor) {
    $$('output').forEach(countWords);
    $$('[data-line]').forEach(keepOnOneLine);
    $$('[data-when]').forEach(chooseWhen);
    $$('[data-names]').forEach(completeNames);
    $$('[data-later]').forEach(namePublishing);
    on($('#type'), 'change', (event) => { $('.event').open ||= event.target.value === 'event'; });
    on($('#body'), 'paste', cleanPaste);
    describeUploads($('#files'));
    proposeAddress($('#slug'));
    keepWhatIsTyped();
    previewText($('.live'));
}
}
