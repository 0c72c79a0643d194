"use strict";
/* What a page gains with JavaScript: keys, remembered theme, live relative times, focus and speech after a swap.
   Everything works without it. No inline handlers, no eval, no other host. */
(() => {
  const root = document.documentElement;
  const find = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  /* ---- speech and focus ---- */
  const say = (text) => {
    const announcer = find("#announcer");
    if (!announcer || !text) return;
    announcer.textContent = "";
    window.setTimeout(() => { announcer.textContent = text.trim(); }, 60);
  };
  const focusErrors = (within) => {
    const summary = find("[data-focus]", within);
    if (summary) summary.focus();
    return Boolean(summary);
  };
  let focusBefore = null;
  document.addEventListener("htmx:beforeSwap", () => { focusBefore = document.activeElement; });
  document.addEventListener("htmx:afterSettle", (event) => {
    const fragment = find(`#${CSS.escape(event.detail.target.id || "main")}`) || event.detail.elt;
    refreshTimes();
    if (focusErrors(fragment)) return;
    const lost = !focusBefore || !focusBefore.isConnected || document.activeElement === document.body;
    if (lost && focusBefore && focusBefore !== document.body) {
      const place = fragment.matches("[tabindex]") ? fragment : find("[tabindex='-1'], h2, a, button", fragment);
      if (place) {
        if (!place.hasAttribute("tabindex") && place.tagName === "H2") place.tabIndex = -1;
        place.focus({ preventScroll: false });
      }
    }
    const words = fragment.matches("[data-announce]") ? fragment : find("[data-announce]", fragment);
    if (words) say(words.textContent);
  });
  const complain = (text) => {
    const box = find("#messages");
    if (!box) return;
    const note = document.createElement("div");
    note.className = "note bad";
    const words = document.createElement("div");
    words.textContent = text;
    note.append(words);
    box.replaceChildren(note);
    note.scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("htmx:responseError", (event) => {
    const page = new DOMParser().parseFromString(event.detail.xhr.responseText || "", "text/html");
    const sentence = find("[data-refusal]", page);
    complain(sentence ? sentence.textContent : document.body.dataset.failed);
  });
  document.addEventListener("htmx:sendError", () => complain(document.body.dataset.failed));

  /* ---- filters: no empty parameters in the address ---- */
  const isFilters = (element) => element instanceof HTMLFormElement && "filters" in element.dataset;
  document.addEventListener("htmx:configRequest", (event) => {
    if (!isFilters(event.detail.elt)) return;
    const parameters = event.detail.parameters;
    for (const [name, value] of [...event.detail.formData.entries()]) if (value === "") delete parameters[name];
  });

  /* ---- a press is never lost ----
     Nothing may move under a finger: an answer that arrives between press and release would replace the very link or
     button that is pressed, and the browser would then say that nothing was clicked. It is asked for again after the
     release, if the page is still there. Leaving a text field says `change` at that very moment; typing has asked already. */
  let pressed = false;
  let withheld = new Set();
  document.addEventListener("pointerdown", (event) => { pressed = event.button === 0; }, true);
  const release = () => window.setTimeout(() => {
    pressed = false;
    const again = withheld;
    withheld = new Set();
    for (const element of again) for (const kind of ["input", "change"]) element.dispatchEvent(new Event(kind, { bubbles: true }));
  });
  document.addEventListener("pointerup", release, true);
  document.addEventListener("pointercancel", release, true);
  window.addEventListener("blur", release);
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!pressed) return;
    event.detail.shouldSwap = false;
    withheld.add(event.detail.requestConfig.elt);
  });
  document.addEventListener("change", (event) => {
    if (event.isTrusted && event.target.matches("[hx-trigger] :is(input[type=search], input[type=text], textarea)")) event.stopPropagation();
  }, true);

  /* ---- a form that was sent asks for no preview ----
     What it was about may be done by the time the preview is read, and the answer would be a refusal. Whoever stops
     the page from loading and types on has previews again. */
  let sent = null;
  const asking = (form) => [form, ...all("[hx-get], [hx-post]", form)];
  window.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    sent = event.target;
    asking(sent).forEach((element) => element.dispatchEvent(new CustomEvent("htmx:abort", { bubbles: true, detail: {} })));
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (sent && sent.contains(event.detail.elt)) event.preventDefault();
  });
  document.addEventListener("input", () => { sent = null; });
  window.addEventListener("pageshow", () => { sent = null; });

  /* ---- theme ---- */
  const themeNow = () => root.dataset.theme || "";
  const markTheme = () => all("[data-theme-switch] button").forEach((button) => {
    button.setAttribute("aria-pressed", String(button.value === themeNow()));
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !("themeSwitch" in form.dataset)) return;
    event.preventDefault();
    const theme = event.submitter ? event.submitter.value : "";
    const secure = window.location.protocol === "https:" ? "; Secure" : "";
    if (theme) root.dataset.theme = theme; else delete root.dataset.theme;
    document.cookie = `theme=${theme}; Path=/; SameSite=Lax; Max-Age=${theme ? 31536000 : 0}${secure}`;
    markTheme();
  });

  /* ---- relative times, as core.words.instants.relative says them ---- */
  const stamp = find("[data-now]");
  const ahead = stamp ? Date.parse(stamp.dataset.now) - Date.now() : 0;
  const MINUTE = 60000, HOUR = 3600000, DAY = 86400000;
  const speaker = "Intl" in window && Intl.RelativeTimeFormat ? new Intl.RelativeTimeFormat(root.lang || "en", { numeric: "always" }) : null;
  const relative = (instant) => {
    const distance = instant - (Date.now() + ahead);
    const away = Math.abs(distance);
    if (away > 7 * DAY) return "";
    const [unit, size] = away < 120 * MINUTE ? ["minute", MINUTE] : away < 48 * HOUR ? ["hour", HOUR] : ["day", DAY];
    return speaker.format(Math.max(1, Math.floor(away / size)) * (distance >= 0 ? 1 : -1), unit);
  };
  function refreshTimes() {
    if (!speaker) return;
    all("time[data-relative]").forEach((time) => {
      const words = relative(Date.parse(time.dateTime));
      if (words && time.firstElementChild && time.firstElementChild.textContent !== words) time.firstElementChild.textContent = words;
    });
  }

  /* ---- keys ---- */
  const KEYS = "market-single-keys";
  const remembered = () => { try { return window.localStorage.getItem(KEYS) !== "off"; } catch { return true; } };
  const writing = (element) => element && (element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName));
  const openDialog = (id) => { const dialog = find(`#${id}`); if (dialog && !dialog.open) dialog.showModal(); };
  let going = 0;
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      const inside = document.activeElement && document.activeElement.closest("details[open]");
      const open = inside || find(".menu[open]") || find(".person-menu[open]");
      if (open) { open.open = false; find("summary", open).focus(); }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || writing(event.target) || !remembered() || find("dialog[open]")) return;
    if (event.key === "/") {
      const search = all("input[type=search]").find((input) => input.offsetParent);
      if (search) { event.preventDefault(); search.focus(); search.select(); }
    } else if (event.key === "?") {
      event.preventDefault();
      openDialog("keys");
    } else if (event.key === "g") {
      going = Date.now();
    } else if (going && Date.now() - going < 1500) {
      going = 0;
      const link = find(`.main-nav a[data-key="${CSS.escape(event.key)}"]`);
      if (link) window.location.assign(link.href);
    }
  });
  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-single-keys]")) return;
    try { window.localStorage.setItem(KEYS, event.target.checked ? "on" : "off"); } catch { /* private window: not kept */ }
  });
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) openDialog(opener.dataset.opens);
    const closer = event.target.closest("[data-close]");
    if (closer) { const details = closer.closest("details"); details.open = false; find("summary", details).focus(); }
    all(".menu[open], .filter-rest[open], .person-menu[open]").forEach((details) => {
      const sheet = details.nextElementSibling;
      if (!details.contains(event.target) && !(sheet && sheet.contains(event.target))) details.open = false;
    });
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest(".errors a[href^='#']");
    if (!link) return;
    const field = document.getElementById(link.hash.slice(1));
    const control = field && (field.matches("input, select, textarea") ? field : find("input, select, textarea", field));
    if (control) { event.preventDefault(); control.focus(); control.scrollIntoView({ block: "center" }); }
  });

  /* ---- start ---- */
  markTheme();
  refreshTimes();
  window.setInterval(refreshTimes, 30000);
  focusErrors(document);
  const keysBox = find("[data-single-keys]");
  if (keysBox) keysBox.checked = remembered();
})();
