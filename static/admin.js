'use strict';
{
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

function make(tag, properties, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
}

function later(action, ms) {
    let timer;
    return () => {
        clearTimeout(timer);
        timer = setTimeout(action, ms);
    };
}

function say(words) {
    const place = $('#said');
    if (place)
        place.textContent = words;
}

/** Posts to a helper of the editor; null, said in words, when it did not work. */
async function ask(path, values) {
    const body = new URLSearchParams({ csrf: $('[name=csrf]', editor).value, ...values });
    const response = await fetch(editor.dataset.base + path, { method: 'POST', body }).catch(() => null);
    if (response?.ok)
        return response;
    say(response?.status === 401 || response?.status === 403
        ? 'Your session has ended. Write on: when you save, you log in and nothing is lost.'
        : 'The server does not answer just now. What you type is kept in this browser.');
    return null;
}

const editor = $('form.edit');

/* --- every page --- */

function showMistakes() {
    $('#errors, [aria-invalid=true]')?.focus();
}

/* The server takes a form once in any case; this shows that it is on its way. */
function sendOnce(form) {
    form.addEventListener('submit', (event) => {
        if (event.submitter?.formTarget === '_blank')
            return;
        say('Sending …');
        // A disabled button's own value would not be sent.
        setTimeout(() => setDisabled(form, true));
    });
    // The page may come back as it was left.
    addEventListener('pageshow', () => {
        setDisabled(form, false);
        say('');
    });
}

function setDisabled(form, disabled) {
    for (const button of $$('button', form))
        button.disabled = disabled;
}

function selectWhole(input) {
    input.addEventListener('focus', () => input.select());
}

/* --- the list --- */

function chooseMany(form) {
    const boxes = $$('[name=item]', form);
    const all = $('[data-all]', form);
    const show = () => {
        const chosen = boxes.filter((box) => box.checked).length;
        $('[data-chosen] [role=status]', form).textContent = `${chosen} chosen`;
        all.checked = chosen === boxes.length;
    };
    all.parentNode.hidden = false;
    form.addEventListener('change', (event) => {
        if (event.target === all)
            boxes.forEach((box) => { box.checked = all.checked; });
        show();
    });
    show();
}

/* --- a conflict: the third choice is what is typed --- */

function mergeByHand(choice) {
    const own = $('.own', choice);
    const words = $('textarea', own);
    const radio = $('input', own);
    own.hidden = false;
    words.addEventListener('input', () => {
        radio.value = words.value;
        radio.checked = true;
    });
    choice.addEventListener('change', (event) => {
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
        output.textContent = words === 1 ? '1 word' : words ? `${words} words` : '';
    };
    // Said once the typing rests, not at each letter.
    field.addEventListener('input', later(show, 700));
    show();
}

function keepOnOneLine(field) {
    field.addEventListener('keydown', (event) => {
        if (event.key === 'Enter' && !event.isComposing)
            event.preventDefault();
    });
}

function showFieldsOfType() {
    const type = $('#type');
    type.addEventListener('change', () => {
        if (type.value === 'event')
            $('.event').open = true;
    });
}

/** A datalist completes a whole value; this lets it complete the last of several names. */
function completeNames(input) {
    const names = $$('option', input.list).map((option) => option.value);
    input.addEventListener('input', () => {
        const before = input.value.slice(0, input.value.lastIndexOf(',') + 1);
        const taken = before.split(',').map((name) => name.trim());
        input.list.replaceChildren(...names.filter((name) => !taken.includes(name))
            .map((name) => make('option', { value: before ? `${before} ${name}` : name })));
    });
}

/** Day and time to choose instead of text to type; a time is not always known, so no datetime-local. */
function chooseWhen(text) {
    if (text.value && !/^\d{4}-\d\d-\d\d(T\d\d:\d\d)?$/.test(text.value))
        return;
    const day = make('input', { type: 'date', id: text.id });
    const time = make('input', { type: 'time', ariaLabel: `${text.labels[0].textContent}: time, if known` });
    for (const name of ['aria-describedby', 'aria-invalid'])
        if (text.hasAttribute(name))
            day.setAttribute(name, text.getAttribute(name));
    const show = () => {
        [day.value, time.value] = [text.value.slice(0, 10), text.value.slice(11)];
    };
    const pair = make('div', { className: 'when' }, day, time);
    $(`#${text.id}-hint`).textContent = 'The day, and the time if it is known.';
    text.removeAttribute('id');
    text.hidden = true;
    text.after(pair);
    text.addEventListener('input', show);
    pair.addEventListener('input', () => {
        text.value = day.value && time.value ? `${day.value}T${time.value}` : day.value;
    });
    show();
}

function nameThePublishButton() {
    const time = $('#publish_at');
    const button = $('#publish');
    const show = () => {
        const now = new Date().toLocaleString('sv', { timeZone: time.dataset.zone }).replace(' ', 'T');
        button.textContent = time.value > now ? 'Schedule' : 'Publish';
    };
    time.addEventListener('input', show);
    show();
}

function previewText() {
    const live = $('.live');
    const show = async () => {
        const response = live.open && await ask('/admin/markdown', { body: $('#body').value });
        // The server's own renderer leaves nothing in that could run.
        if (response)
            $('.body', live).innerHTML = await response.text();
    };
    live.hidden = false;
    $('#body').addEventListener('input', later(show, 400));
    live.addEventListener('toggle', show);
    live.open = matchMedia('(min-width: 74rem)').matches;
}

function cleanPastes() {
    $('#body').addEventListener('paste', async (event) => {
        const html = event.clipboardData.getData('text/html');
        const plain = event.clipboardData.getData('text/plain');
        if (!html)
            return;
        event.preventDefault();
        const response = await ask('/admin/clean', { html });
        const { markdown, dropped } = response ? await response.json() : { markdown: plain, dropped: ['all markup'] };
        event.target.focus();
        // The one way to insert that the browser's own Undo knows of.
        document.execCommand('insertText', false, markdown);
        $('#pasted').textContent = dropped.length ? `Left out of what you pasted: ${dropped.join(', ')}.` : 'Pasted.';
    });
}

/** Thumbnails of chosen pictures, with their alternative texts in step with the files. */
function describeUploads() {
    const input = $('#files');
    input.addEventListener('change', () => {
        const large = [...input.files].filter((file) => file.size > Number(input.dataset.max));
        $('#files-said').textContent = large.map((file) => `${file.name} is too large. Choose again without it.`).join(' ');
        if (large.length)
            input.value = '';
        $('#chosen').replaceChildren(...[...input.files].map(describeUpload));
    });
}

function describeUpload(file, i) {
    if (!file.type.startsWith('image/'))
        return make('input', { type: 'hidden', name: 'upload_alt' });
    const alt = make('input', { name: 'upload_alt', id: `new-alt-${i}`, dir: 'auto' });
    const label = make('label', { htmlFor: alt.id }, 'What the picture shows');
    const hint = make('p', { className: 'hint', id: `${alt.id}-hint` }, `For people who cannot see it: ${file.name}`);
    alt.setAttribute('aria-describedby', hint.id);
    return make('div', { className: 'file' }, make('img', { src: URL.createObjectURL(file), alt: '' }),
                make('div', { className: 'field' }, label, hint, alt));
}

/* --- what is not saved yet --- */

const isText = 'textarea, select, input:not([type=hidden], [type=file], [type=checkbox], [name=upload_alt])';
const draftPrefix = editor && `warta ${editor.dataset.base} ${editor.dataset.draft} `;
// Of this tab alone, so that two new items at once do not meet.
const draftKey = editor && draftPrefix + $('[name=request_id]', editor).value;
let sending = false;

function fields() {
    return $$(isText, editor).filter((field) => field.name);
}

const keyOf = (field) => field.dataset.key ?? field.name;

function savedValue(field) {
    return field.options ? ([...field.options].find((option) => option.defaultSelected) ?? field.options[0])?.value
        : field.defaultValue;
}

function typed() {
    return Object.fromEntries(fields().map((field) => [keyOf(field), field.value]));
}

function wordsChanged() {
    return 'unsaved' in editor.dataset || fields().some((field) => field.value !== savedValue(field));
}

function anythingChanged() {
    return wordsChanged() || $('#files').files.length > 0 || $('[name=file_remove]:checked', editor) !== null;
}

/* A browser may refuse to store; then there is nothing to be done about it. */
function store(action) {
    try {
        return action(localStorage, sessionStorage);
    } catch {
        return null;
    }
}

function keepDraft() {
    store((local) => {
        if (wordsChanged())
            local.setItem(draftKey, JSON.stringify({ at: Date.now(), changed: Number(editor.dataset.changed),
                                                     values: typed() }));
        else
            local.removeItem(draftKey);
    });
}

/** The fields in which a draft differs from the form. */
function differing(draft) {
    return fields().filter((field) => (draft.values[keyOf(field)] ?? field.value) !== field.value);
}

function earlierDrafts() {
    const keys = store((local) => Object.keys(local).filter((key) => key.startsWith(draftPrefix) && key !== draftKey));
    return (keys ?? []).map((key) => ({ key, ...JSON.parse(localStorage.getItem(key)) })).sort((a, b) => b.at - a.at);
}

function offerDrafts() {
    keepDraft();
    const [draft] = earlierDrafts().filter((one) => {
        // What the form holds already is kept with it from now on.
        if (differing(one).length === 0)
            localStorage.removeItem(one.key);
        return differing(one).length > 0;
    });
    if (draft)
        offer(draft);
}

function timeOf(ms) {
    const time = new Date(ms);
    return time.toDateString() === new Date().toDateString() ? time.toLocaleTimeString([], { timeStyle: 'short' })
        : time.toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' });
}

function offer(draft) {
    const place = $('#draft');
    const newer = Number(editor.dataset.changed) > draft.changed;
    const fresh = newer ? ' The item has been saved again since, so look at them before you put them over it.' : '';
    const end = () => {
        localStorage.removeItem(draft.key);
        place.hidden = true;
        $('#title').focus();
    };
    const restore = make('button', { type: 'button', className: 'main', onclick: () => {
        for (const field of differing(draft)) {
            field.value = draft.values[keyOf(field)];
            field.dispatchEvent(new Event('input', { bubbles: true }));
        }
        keepDraft();
        end();
    } }, newer ? 'Put them into the form' : 'Restore');
    const discard = make('button', { type: 'button', onclick: end }, 'Discard');
    place.append(make('p', {}, make('b', {}, `You have unsaved words from ${timeOf(draft.at)}.`), fresh),
                 make('details', { open: newer }, make('summary', {}, 'See them'),
                      ...differing(draft).map((field) => beside(field, draft.values[keyOf(field)]))),
                 make('p', { className: 'bar' }, restore, discard));
    place.hidden = false;
}

function beside(field, value) {
    const name = (field.labels[0] ?? $('label', field.parentNode)).textContent;
    return make('label', { className: 'field' }, name, make('textarea', { value, readOnly: true, rows: 2, dir: 'auto' }));
}

/* The page after a save says so in its address; only then is what was sent no longer needed here. */
function forgetWhatWasSaved() {
    if (/[?&]done=(created|saved|published|scheduled|unpublished)\b/.test(location.search))
        store((local, session) => {
            local.removeItem(session.getItem('warta sent'));
            session.removeItem('warta sent');
        });
}

function keepWhatIsTyped() {
    offerDrafts();
    editor.addEventListener('input', later(keepDraft, 500));
    addEventListener('pagehide', keepDraft);
    // A phone may end a page that is out of sight without a word.
    document.addEventListener('visibilitychange', keepDraft);
    editor.addEventListener('submit', (event) => {
        if (event.submitter?.formTarget === '_blank')
            return;
        sending = true;
        store((local, session) => session.setItem('warta sent', draftKey));
    });
    addEventListener('pageshow', () => { sending = false; });
    addEventListener('beforeunload', (event) => {
        if (!sending && anythingChanged())
            event.preventDefault();
    });
}

/* --- begin --- */

forgetWhatWasSaved();
showMistakes();
$$('[data-once]').forEach(sendOnce);
$$('input[readonly]').forEach(selectWhole);
$$('[data-bulk]').forEach(chooseMany);
$$('.choice').forEach(mergeByHand);
if (editor) {
    $$('output', editor).forEach(countWords);
    $$('[data-line]', editor).forEach(keepOnOneLine);
    $$('[data-when]', editor).forEach(chooseWhen);
    $$('[data-names]', editor).forEach(completeNames);
    showFieldsOfType();
    if ($('#publish'))
        nameThePublishButton();
    previewText();
    cleanPastes();
    describeUploads();
    keepWhatIsTyped();
}
}
