#include "warta/newsroom/diff.h"

#include <assert.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "warta/base/mem.h"
#include "warta/base/text.h"

enum {
    EDITS_MAX = 1000,    /* tokens that differ; memory grows with its square, to 4 MB */
    STEPS_MAX = 5000000, /* comparisons of tokens */
    STEP_BYTES = 64      /* a comparison of longer tokens counts as several */
};

/* --- tokens --- */

/* A text cut up: token i is the bytes from start[i] to start[i + 1]. */
struct tokens {
    const char *text;
    int *start;
    int len;
};

static void tokens_release(struct tokens *tokens)
{
    free(tokens->start);
    *tokens = (struct tokens){0};
}

static void tokens_lines(struct tokens *tokens)
{
    int at = 0;
    while (tokens->text[at] != '\0') {
        at += (int)strcspn(tokens->text + at, "\n");
        at += tokens->text[at] == '\n' ? 1 : 0;
        tokens->start[++tokens->len] = at;
    }
}

static struct tokens tokens_of(const char *text, bool by_words)
{
    size_t bytes = strlen(text);
    assert(bytes < INT_MAX);
    struct tokens tokens = {text, mem_alloc((bytes + 1) * sizeof *tokens.start), 0};
    if (by_words)
        tokens.len = (int)text_word_ends(text, tokens.start + 1);
    else
        tokens_lines(&tokens);
    return tokens;
}

static int token_len(const struct tokens *tokens, int i)
{
    return tokens->start[i + 1] - tokens->start[i];
}

static bool token_is_space(const struct tokens *tokens, int i)
{
    const char *token = tokens->text + tokens->start[i];
    return (int)strspn(token, " \n") >= token_len(tokens, i);
}

/* --- the shortest edit --- */

/* E. W. Myers, "An O(ND) Difference Algorithm and Its Variations", Algorithmica 1 (1986), section 4: a path from (0, 0) to
 * (before.len, after.len), where a step to the right removes a token, one down adds one, and a diagonal one keeps
 * one. reach[d * d + d + k] is how far right the farthest path of d edits gets on diagonal k = x - y. */
struct diff {
    struct tokens before, after;
    bool *removed, *added; /* of each token */
    int *reach;
    int steps;
};

static int *reach_at(const struct diff *diff, int edits, int diagonal)
{
    return &diff->reach[edits * edits + edits + diagonal];
}

/* Whether the farthest path of one edit more comes from the diagonal above, by adding a token. */
static bool comes_down(const struct diff *diff, int edits, int diagonal)
{
    return diagonal == -edits ||
           (diagonal != edits && *reach_at(diff, edits - 1, diagonal - 1) < *reach_at(diff, edits - 1, diagonal + 1));
}

static bool token_same(const struct diff *diff, int x, int y)
{
    int len = token_len(&diff->before, x);
    return len == token_len(&diff->after, y) &&
           memcmp(diff->before.text + diff->before.start[x], diff->after.text + diff->after.start[y], (size_t)len) == 0;
}

/* Follows one diagonal as far as it goes; returns where that is. */
static int follow(struct diff *diff, int edits, int diagonal)
{
    int x = 0;
    if (edits > 0)
        x = comes_down(diff, edits, diagonal) ? *reach_at(diff, edits - 1, diagonal + 1)
                                              : *reach_at(diff, edits - 1, diagonal - 1) + 1;
    int y = x - diagonal;
    for (; x < diff->before.len && y < diff->after.len; x++, y++) {
        diff->steps += 1 + token_len(&diff->before, x) / STEP_BYTES;
        if (!token_same(diff, x, y))
            break;
    }
    return x;
}

/* How many edits it takes; -1 if that is beyond the bounds. */
static int find_edits(struct diff *diff)
{
    for (int edits = 0; edits <= EDITS_MAX && diff->steps < STEPS_MAX; edits++) {
        if ((edits & (edits - 1)) == 0) { /* room for twice as many edits */
            size_t room = edits == 0 ? 1 : 2 * (size_t)edits;
            diff->reach = mem_resize(diff->reach, room * room * sizeof *diff->reach);
        }
        for (int diagonal = -edits; diagonal <= edits; diagonal += 2) {
            int x = follow(diff, edits, diagonal);
            *reach_at(diff, edits, diagonal) = x;
            if (x >= diff->before.len && x - diagonal >= diff->after.len)
                return edits;
        }
    }
    return -1;
}

/* Walks the path back and marks the tokens that it keeps. */
static void mark_kept(struct diff *diff, int edits)
{
    int x = diff->before.len;
    int y = diff->after.len;
    for (; edits >= 0; edits--) {
        int diagonal = x - y;
        bool down = edits > 0 && comes_down(diff, edits, diagonal);
        int from = edits == 0 ? 0 : *reach_at(diff, edits - 1, down ? diagonal + 1 : diagonal - 1) + (down ? 0 : 1);
        for (; x > from; x--, y--)
            diff->removed[x - 1] = diff->added[y - 1] = false;
        x -= edits > 0 && !down ? 1 : 0;
        y -= edits > 0 && down ? 1 : 0;
    }
}

/* A lone space kept between two changes would cut them into confetti: it changes with them. */
static void join_changes(struct diff *diff)
{
    bool changed = false;
    for (int x = 0, y = 0; x < diff->before.len && y < diff->after.len;) {
        if (diff->removed[x] || diff->added[y]) {
            changed = true;
            x += diff->removed[x] ? 1 : 0;
            y += diff->added[y] ? 1 : 0;
            continue;
        }
        bool last = x + 1 == diff->before.len || y + 1 == diff->after.len;
        bool joins =
            changed && !last && (diff->removed[x + 1] || diff->added[y + 1]) && token_is_space(&diff->before, x);
        diff->removed[x] = diff->added[y] = joins;
        changed = false;
        x++;
        y++;
    }
}

/* --- parts --- */

static void part_add(json_t *parts, const struct tokens *tokens, int from, int to, bool removed, bool added)
{
    const char *text = tokens->text + tokens->start[from];
    size_t len = (size_t)(tokens->start[to] - tokens->start[from]);
    if (from < to)
        json_array_append_new(parts,
                              json_pack("{s:s%, s:b, s:b}", "text", text, len, "removed", removed, "added", added));
}

static json_t *parts_of(const struct diff *diff)
{
    json_t *parts = json_array();
    int x = 0;
    int y = 0;
    while (x < diff->before.len || y < diff->after.len) {
        int x_from = x;
        int y_from = y;
        while (x < diff->before.len && diff->removed[x])
            x++;
        while (y < diff->after.len && diff->added[y])
            y++;
        part_add(parts, &diff->before, x_from, x, true, false);
        part_add(parts, &diff->after, y_from, y, false, true);
        x_from = x;
        for (; x < diff->before.len && y < diff->after.len && !diff->removed[x] && !diff->added[y]; x++)
            y++;
        part_add(parts, &diff->before, x_from, x, false, false);
    }
    return parts;
}

static bool *all_true(int len)
{
    bool *marks = mem_alloc((size_t)len + 1);
    memset(marks, true, (size_t)len);
    return marks;
}

/* NULL where the bounds are too narrow, and there is a coarser way (*owned*). */
static json_t *compare(const char *before, const char *after, bool by_words)
{
    struct diff diff = {.before = tokens_of(before, by_words), .after = tokens_of(after, by_words)};
    diff.removed = all_true(diff.before.len);
    diff.added = all_true(diff.after.len);
    int edits = find_edits(&diff);
    if (edits >= 0) {
        mark_kept(&diff, edits);
        join_changes(&diff);
    }
    json_t *parts = edits >= 0 || !by_words ? parts_of(&diff) : NULL;
    free(diff.reach);
    free(diff.removed);
    free(diff.added);
    tokens_release(&diff.before);
    tokens_release(&diff.after);
    return parts;
}

json_t *diff_texts(const char *before, const char *after)
{
    json_t *parts = compare(before, after, true);
    return parts != NULL ? parts : compare(before, after, false);
}
