// What the console adds where JavaScript runs. Every gesture here also works without it.
(() => {
  const palette = document.getElementById("palette");
  const closeOthers = (kept) => {
    for (const open of document.querySelectorAll("details.why[open], details.menu[open]")) {
      if (open !== kept && !open.contains(kept)) open.open = false;
    }
  };

  // --- Ctrl-K -----------------------------------------------------------------------------------------------------
  const options = () => [...palette.querySelectorAll("[role=option]")];
  const choose = (step) => {
    const all = options();
    if (!all.length) return;
    const now = all.findIndex((option) => option.getAttribute("aria-selected") === "true");
    const next = (now + step + all.length) % all.length;
    all.forEach((option, index) => option.setAttribute("aria-selected", String(index === next)));
    all[next].id = "palette-chosen";
    all.forEach((option, index) => index !== next && option.removeAttribute("id"));
    all[next].scrollIntoView({ block: "nearest" });
    palette.querySelector("input").setAttribute("aria-activedescendant", "palette-chosen");
  };
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && palette) {
      event.preventDefault();
      if (!palette.open) palette.showModal();
      palette.querySelector("input").select();
    } else if (palette?.open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      choose(event.key === "ArrowDown" ? 1 : -1);
    } else if (palette?.open && event.key === "Enter") {
      const chosen = palette.querySelector("[aria-selected=true]");
      if (chosen) {
        event.preventDefault();
        location.assign(chosen.href);
      }
    } else if (event.key === "Escape") {
      const open = document.querySelector("details.why[open], details.menu[open]");
      if (open) {
        open.open = false;
        open.querySelector("summary").focus();
      }
    }
  });
  palette?.addEventListener("click", (event) => event.target === palette && palette.close());
  document.addEventListener("htmx:afterSwap", (event) => event.target.id === "palette-found" && choose(1));

  // --- why? -------------------------------------------------------------------------------------------------------
  const place = (details) => {
    const card = details.querySelector(".why-card, .menu-card");
    if (!card) return;
    card.classList.remove("to-left", "to-top");
    const box = card.getBoundingClientRect();
    if (box.right > innerWidth - 8) card.classList.add("to-left");
    if (box.bottom > innerHeight - 8 && box.height < details.getBoundingClientRect().top) card.classList.add("to-top");
  };
  document.addEventListener(
    "toggle",
    (event) => {
      if (event.target.matches?.("details.why, details.menu") && event.target.open) {
        closeOthers(event.target);
        place(event.target);
      }
    },
    true,
  );
  document.addEventListener("click", (event) => {
    const inside = event.target.closest("details.why, details.menu");
    closeOthers(inside);
    const summary = event.target.closest("details.why > summary");
    if (summary) {
      const why = summary.parentElement;
      if (why.open && !why.dataset.held) event.preventDefault(); // opened by hovering: the click keeps it
      if (why.open && why.dataset.held) delete why.dataset.held;
      else why.dataset.held = "1";
    }
  });
  let waiting = 0;
  if (matchMedia("(hover: hover)").matches) {
    document.addEventListener("mouseover", (event) => {
      const why = event.target.closest("details.why");
      clearTimeout(waiting);
      if (why && !why.open) waiting = setTimeout(() => { why.open = true; delete why.dataset.held; }, 350);
    });
    document.addEventListener("mouseout", (event) => {
      const why = event.target.closest("details.why");
      if (why && !why.contains(event.relatedTarget)) {
        clearTimeout(waiting);
        if (why.open && !why.dataset.held) waiting = setTimeout(() => { why.open = false; }, 250);
      }
    });
  }

  // --- where one is, in a navigation wider than the screen --------------------------------------------------------
  const nav = document.querySelector(".shell-nav");
  const current = nav?.querySelector("[aria-current]");
  const scroller =
    current &&
    [nav, ...nav.querySelectorAll("*")].find((one) => one.scrollWidth > one.clientWidth + 1 && one.contains(current));
  if (scroller) scroller.scrollLeft = current.offsetLeft - (scroller.clientWidth - current.offsetWidth) / 2;

  // --- small things -----------------------------------------------------------------------------------------------
  document.addEventListener("click", (event) => {
    event.target.closest("[data-close]")?.closest(".toast-line")?.remove();
    const copy = event.target.closest("[data-copy]");
    if (copy) navigator.clipboard?.writeText(copy.dataset.copy);
  });
  document.addEventListener("change", (event) => {
    if (event.target.closest("form[data-send]")) event.target.form.requestSubmit();
  });

  // --- pairs reviewed by keys: they act while the pair has the focus, which it takes when it is shown -----------------
  const pair = () => document.querySelector("[data-keys]");
  const hold = () => pair()?.focus({ preventScroll: true });
  hold();
  document.addEventListener("htmx:afterSettle", (event) => event.target.matches?.("[data-keys]") && hold());
  document.addEventListener("keydown", (event) => {
    const here = event.target.closest?.("[data-keys]");
    if (!here || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target.matches("input, select, textarea")) return;
    if (event.key === " " && event.target.matches("button, a, summary")) return;
    const button = here.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
    if (button && !button.disabled) {
      event.preventDefault();
      button.click();
    }
  });

  // --- keys of one letter on a person's page: "v", "q 3", "2 a" ----------------------------------------------------
  // They can be turned off (they get in the way of those who speak to their machine), and rest while somebody writes.
  const OFF = "filrouge.strokes";
  const strokes = () => localStorage.getItem(OFF) !== "off";
  const tell = () => {
    const any = document.querySelector("[data-stroke]");
    for (const one of document.querySelectorAll("[data-strokes-shown]"))
      one.hidden = !any || (one.tagName === "KBD" && !strokes());
    for (const one of document.querySelectorAll("[data-strokes]"))
      one.hidden = (one.getAttribute("aria-pressed") === "true") !== strokes();
  };
  tell();
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-strokes]");
    if (!button) return;
    localStorage.setItem(OFF, strokes() ? "off" : "on");
    tell();
    document.querySelector("[data-strokes]:not([hidden])")?.focus();
  });
  let first = "";
  let since = 0;
  const meant = (typed) =>
    [...document.querySelectorAll("[data-stroke]")].find((one) => one.dataset.stroke.split("|").includes(typed));
  document.addEventListener("keydown", (event) => {
    if (!strokes() || event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.key.length !== 1) return;
    if (event.target.matches?.("input, select, textarea, [data-keys] *") || document.querySelector("dialog[open]")) return;
    const key = event.key.toLowerCase();
    const found = (event.timeStamp - since < 4000 && first && meant(`${first} ${key}`)) || meant(key);
    first = key;
    since = event.timeStamp;
    if (!found) return;
    event.preventDefault();
    if (found.matches("summary")) {
      const fold = found.parentElement;
      fold.open = !fold.open;
      found.focus();
      fold.scrollIntoView({ block: "nearest" });
    } else found.click();
  });

  // --- what was typed is not lost ----------------------------------------------------------------------------------
  // A form sent while the session ends comes back empty: its words wait in this tab, for the same person only.
  const KEPT = "filrouge.kept:";
  const nameOf = (form) => `${KEPT}${form.dataset.keep}:${new URL(form.action).pathname}`;
  const forget = () => {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith(KEPT)) sessionStorage.removeItem(key);
  };
  const fields = (form) => [...form.elements].filter((field) => field.name && field.type !== "hidden");
  // it was done, or it came back with what was typed: what waits is no longer of any use, to the next caller least of all
  if (document.querySelector(".toast-line.success, form[data-back]")) forget();
  for (const form of document.querySelectorAll("form[data-keep]")) {
    const said = JSON.parse(sessionStorage.getItem(nameOf(form)) || "{}");
    for (const field of fields(form)) {
      if (!(field.name in said)) continue;
      field.value = said[field.name];
      const folded = form.closest("details");
      if (folded) folded.open = true;
    }
  }
  document.addEventListener("submit", (event) => {
    const form = event.target;
    // what makes a key answers with it once: a second click would be answered with another, the first seen by nobody
    if (form.matches("form[data-once]")) {
      if (form.dataset.sent) return event.preventDefault();
      form.dataset.sent = "yes";
    }
    if (form.matches("form[data-keep]")) {
      const said = Object.fromEntries(fields(form).map((field) => [field.name, field.value]));
      sessionStorage.setItem(nameOf(form), JSON.stringify(said));
    } else if (form.matches("form[data-forget]")) forget();
  });

  // --- a form that is rendered anew while somebody goes on writing in it ----------------------------------------------
  // What was written since the request left is put back, and the cursor stays where it was.
  let written = null;
  const given = (field) => (field.type === "checkbox" || field.type === "radio" ? field.checked : field.value);
  const leaving = (field, sent) => {
    const said = [sent[field.name] ?? []].flat();
    return field.type === "checkbox" || field.type === "radio" ? said.includes(field.value) : said[0] ?? "";
  };
  const named = (field) => `[name="${CSS.escape(field.name)}"]` + (field.type === "checkbox" || field.type === "radio" ? `[value="${CSS.escape(field.value)}"]` : "");
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target, requestConfig } = event.detail;
    if (!target.matches("[data-writing]")) return;
    const fields = [...target.querySelectorAll("input[name], select[name], textarea[name]")].filter((field) => field.type !== "hidden");
    const here = fields.find((field) => field === document.activeElement);
    written = {
      id: target.id,
      fields: fields.filter((field) => given(field) !== leaving(field, requestConfig.parameters)).map((field) => [named(field), given(field)]),
      here: here && named(here),
      at: here && here.type === "text" ? here.selectionStart : null,
    };
  });
  document.addEventListener("htmx:afterSwap", () => {
    const root = written && document.getElementById(written.id);
    if (!root) return;
    for (const [which, value] of written.fields) {
      const field = root.querySelector(which);
      if (field) field[typeof value === "boolean" ? "checked" : "value"] = value;
    }
    const here = written.here && root.querySelector(written.here);
    if (here) {
      here.focus();
      if (written.at !== null && here.type === "text") here.setSelectionRange(written.at, written.at);
    }
    written = null;
  });

  // --- what moves while it is open ---------------------------------------------------------------------------------
  // A stream says that something happened; the page asks for what it shows anew. Hidden pages wait until they are seen.
  let stream = null;
  const listen = () => {
    const here = document.querySelector("[data-moves]");
    if (stream && (stream.here !== here || document.hidden)) {
      stream.source.close();
      stream = null;
    }
    if (!here || stream || document.hidden || here.dataset.paused) return;
    const last = document.querySelector("[data-number]")?.dataset.number;
    const source = new EventSource(last ? `${here.dataset.moves}${here.dataset.moves.includes("?") ? "&" : "?"}after=${last}` : here.dataset.moves);
    stream = { here, source };
    source.addEventListener("moved", () => here.isConnected && htmx.trigger(here, "moved"));
    source.addEventListener("here", (event) => {
      const also = document.getElementById("also-here");
      if (also) also.innerHTML = JSON.parse(event.data);
    });
    source.addEventListener("lines", (event) => {
      const list = document.getElementById("stream");
      if (!list) return;
      list.insertAdjacentHTML("afterbegin", JSON.parse(event.data));
      document.getElementById("stream-empty")?.remove();
      while (list.children.length > 300) list.lastElementChild.remove();
    });
  };
  listen();
  document.addEventListener("visibilitychange", () => {
    const here = document.querySelector("[data-moves]");
    if (!document.hidden && here?.hasAttribute("hx-get")) htmx.trigger(here, "moved");
    listen();
  });
  document.addEventListener("htmx:afterSettle", listen);
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return; // a page that comes back as it was left, not one that is new
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });
  // what was unfolded stays so: new moments come above, so places are counted from below
  const folds = (root) => [...root.querySelectorAll("details")].reverse();
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.target.id !== "moments") return;
    const open = folds(event.target).flatMap((fold, index) => (fold.open ? [index] : []));
    if (!open.length) return;
    document.addEventListener(
      "htmx:afterSettle",
      () => folds(document.getElementById("moments")).forEach((fold, index) => (fold.open = fold.open || open.includes(index))),
      { once: true },
    );
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-pause]");
    const here = document.querySelector("[data-moves]");
    if (!button || !here) return;
    const paused = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(paused));
    if (paused) here.dataset.paused = "1";
    else delete here.dataset.paused;
    if (paused && stream) {
      stream.source.close();
      stream = null;
    }
    listen();
  });
  for (const button of document.querySelectorAll("[data-pause]")) button.hidden = false;

  // --- print ------------------------------------------------------------------------------------------------------
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }
})();
