/**
 * The editor: CodeMirror with Python, the server's lint marks, and chips that say which lane is on which line.
 * @module
 */
import { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { pythonLanguage } from "@codemirror/lang-python";
import { LanguageSupport, bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { linter, lintGutter, lintKeymap } from "@codemirror/lint";
import { Compartment, EditorState, Prec, StateEffect } from "@codemirror/state";
import {
  EditorView, drawSelection, highlightActiveLine, highlightActiveLineGutter, highlightSpecialChars, keymap, lineNumbers,
} from "@codemirror/view";
import { tagHighlighter, tags } from "@lezer/highlight";
import { chips, setChips } from "./chips.js";
import { post } from "./session.js";
import { t } from "./text.js";

/** @typedef {import("./chips.js").Here} Here */

/**
 * @typedef {object} Editor
 * @property {() => string} source
 * @property {(source: string) => void} replace
 * @property {(allowed: boolean) => void} allow editing
 * @property {(here: Here, follow: boolean) => void} mark who is on which line; follow: have the followed lane's line in sight
 * @property {(line: number) => void} show
 * @property {() => void} focus
 */

const LINT_DELAY_MS = 500;

const colours = tagHighlighter([
  { tag: [tags.keyword, tags.controlKeyword, tags.operatorKeyword, tags.self, tags.null], class: "tok-keyword" },
  { tag: [tags.string, tags.special(tags.string)], class: "tok-string" },
  { tag: tags.number, class: "tok-number" },
  { tag: tags.bool, class: "tok-bool" },
  { tag: [tags.comment, tags.lineComment], class: "tok-comment" },
  { tag: [tags.function(tags.definition(tags.variableName)), tags.definition(tags.className)], class: "tok-definition" },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName)], class: "tok-call" },
  { tag: tags.meta, class: "tok-meta" },
]);

/**
 * Puts an editor into the page.
 * @param {HTMLElement} parent
 * @param {{source: string, nonce: string, editable: boolean, onChange: (source: string) => void, onRun: () => void}} options
 * @returns {Editor}
 */
export function editor(parent, { source, nonce, editable, onChange, onRun }) {
  const allowed = new Compartment();
  const allowing = (/** @type {boolean} */ yes) => [EditorState.readOnly.of(!yes)];
  const run = { key: "Mod-Enter", run: () => (onRun(), true) };
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: source,
      extensions: [
        EditorView.cspNonce.of(nonce),
        EditorState.phrases.of(phrases()),
        EditorView.contentAttributes.of({ "aria-label": t("Program") }),
        allowed.of(allowing(editable)),
        lineNumbers(),
        highlightActiveLineGutter(),
        highlightSpecialChars(),
        history(),
        drawSelection(),
        indentOnInput(),
        indentUnit.of("    "),
        EditorState.tabSize.of(8),
        bracketMatching(),
        closeBrackets(),
        highlightActiveLine(),
        new LanguageSupport(pythonLanguage),
        syntaxHighlighting(colours),
        linter(lint, { delay: LINT_DELAY_MS }),
        lintGutter(),
        chips,
        EditorView.domEventHandlers({ beforeinput: typedOver }),
        keymap.of([
          run, ...closeBracketsKeymap, { key: "Mod-f", run: seek }, ...defaultKeymap, ...historyKeymap, ...lintKeymap,
          indentWithTab,
        ]),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) onChange(update.state.doc.toString());
        }),
      ],
    }),
  });
  return {
    source: () => view.state.doc.toString(),
    replace: (text) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }),
    allow: (yes) => view.dispatch({ effects: allowed.reconfigure(allowing(yes)) }),
    mark: (here, follow) => {
      const { shown } = here;
      const at = follow && shown > 0 && shown <= view.state.doc.lines ? view.state.doc.line(shown).from : -1;
      view.dispatch({ effects: [setChips.of(here), ...(at < 0 ? [] : [EditorView.scrollIntoView(at, { y: "nearest", yMargin: 60 })])] });
    },
    show: (line) => {
      const found = view.state.doc.line(Math.max(1, Math.min(line, view.state.doc.lines)));
      view.dispatch({ selection: { anchor: found.from }, effects: EditorView.scrollIntoView(found.from, { y: "center" }) });
    },
    focus: () => view.focus(),
  };
}

/**
 * Opens the search panel, which comes when it is first wanted; from then on its own keys do that.
 * @param {EditorView} view
 */
function seek(view) {
  void import("@codemirror/search").then(({ highlightSelectionMatches, openSearchPanel, search, searchKeymap }) => {
    const added = [search({ top: true }), highlightSelectionMatches(), Prec.high(keymap.of(searchKeymap))];
    view.dispatch({ effects: StateEffect.appendConfig.of(added) });
    openSearchPanel(view);
  });
  return true;
}

/**
 * Text that replaces a selection: left to itself, Chromium keeps the selection's style in a style attribute, which the
 * content security policy forbids.
 * @param {InputEvent} event
 * @param {EditorView} view
 * @returns {boolean} whether it is done
 */
function typedOver(event, view) {
  const { data } = event;
  const { state } = view;
  const { from, to, empty } = state.selection.main;
  if (event.inputType !== "insertText" || !data || empty || view.composing || state.readOnly) return false;
  const insert = () => state.update(state.replaceSelection(data), { userEvent: "input.type", scrollIntoView: true });
  if (!state.facet(EditorView.inputHandler).some((handler) => handler(view, from, to, data, insert))) view.dispatch(insert());
  event.preventDefault();
  return true;
}

/**
 * What the server says about the program, as marks in it.
 * @param {EditorView} view
 * @returns {Promise<import("@codemirror/lint").Diagnostic[]>}
 */
async function lint(view) {
  const { doc } = view.state;
  if (!doc.length) return [];
  /** @type {any[]} */
  let messages;
  try {
    ({ messages } = await post("/api/lint", { source: doc.toString() }));
  } catch {
    // Too busy, too long or offline: the marks are a help, and the run itself will say what is wrong.
    return [];
  }
  const position = (/** @type {number} */ line, /** @type {number} */ column) => {
    const found = doc.line(Math.max(1, Math.min(line, doc.lines)));
    return found.from + [...found.text].slice(0, Math.max(0, column - 1)).join("").length;
  };
  return messages.map((one) => {
    const from = position(one.line, one.column);
    const to = Math.max(from, position(one.end_line, one.end_column));
    return { from, to, severity: one.severity, source: one.source, message: one.code ? `${one.message} (${one.code})` : one.message };
  });
}

/** What CodeMirror says, in the reader's language. */
function phrases() {
  return {
    Find: t("Find"), Replace: t("Replace"), next: t("next"), previous: t("previous"), all: t("all"), "match case": t("match case"),
    regexp: t("regexp"), "by word": t("by word"), replace: t("replace"), "replace all": t("replace all"), close: t("close"),
  };
}
