// One form for two places: a page on this computer (page.py) and JupyterLab (widget.py).
// What differs between them is the transport: ask(message, file) -> answer, and report() -> address.
// Everything that comes from a file is set as text, never as markup.

const CHECK_AFTER = 350; // milliseconds without a change, after which the study is checked
const LOOK_EVERY = 400; // milliseconds between two looks at a report that is being made
const ALIVE_EVERY = 20000; // milliseconds between two signs of life of a page

let mounted = 0;

function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children) if (child !== null) made.append(child);
  return made;
}

function fill(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

class Builder {
  constructor(root, transport, options) {
    this.root = root;
    this.transport = transport;
    this.options = options;
    this.prefix = `wb${++mounted}`;
    this.answers = {};
    this.title = "";
    this.own = ""; // study.yaml, where the user writes it
    this.fields = new Map(); // place -> what was built for it
    this.refused = []; // what the form itself could not take
    this.found = []; // what the last check found
    this.queue = Promise.resolve();
    this.asked = 0;
    root.classList.add("wb");
    root.setAttribute("data-lm-suppress-shortcuts", "true"); // letters typed here are no commands of JupyterLab
  }

  id(name) {
    return `${this.prefix}-${encodeURIComponent(name).replace(/[^A-Za-z0-9_-]/g, "_")}`;
  }

  // ------------------------------------------------------------------ talking

  form() {
    return { language: this.language, title: this.title, answers: this.answers, own: this.own };
  }

  ask(message, file) {
    const asked = this.queue.then(() => this.transport.ask(message, file));
    this.queue = asked.catch(() => null);
    return asked.catch(() => {
      this.tell(this.words.gone);
      throw new Error("gone");
    });
  }

  async start(language) {
    const message = { do: "begin" };
    if (language) message.form = { ...this.form(), language };
    const answer = await this.transport.ask(message);
    this.words = answer.words;
    this.instruments = answer.instruments;
    this.programmes = answer.programmes;
    this.kinds = answer.kinds;
    this.language = answer.language;
    this.title = answer.title; // a page that is loaded again goes on where it was
    this.answers = answer.answers;
    this.own = answer.own;
    this.fields.clear();
    this.hasFiles = answer.files.length > 0;
    this.build();
    this.show(answer);
    this.checkSoon();
    if (answer.running) this.follow();
  }

  get problems() {
    return [...this.refused, ...this.found];
  }

  async changed(place) {
    const number = ++this.asked;
    if (this.hasFiles) this.tell(this.words.checking); // what was told is of before the change
    this.found = this.found.filter((one) => one.place !== place); // the next check says whether it is mended
    const answer = await this.ask({ do: "suggest", form: this.form() });
    if (number === this.asked) this.show(answer);
    this.checkSoon();
  }

  checkSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.check(), CHECK_AFTER);
  }

  async check() {
    if (!this.hasFiles) return;
    const number = this.asked;
    this.tell(this.words.checking);
    const answer = await this.ask({ do: "check", form: this.form() });
    if (number === this.asked) this.checked(answer);
  }

  // ------------------------------------------------------------------ building

  build() {
    const w = this.words;
    this.root.setAttribute("lang", this.language);
    const language = el("select", { id: this.id("language"), onchange: (e) => this.start(e.target.value) });
    for (const [value, label] of Object.entries(w.languages)) language.append(new Option(label, value));
    language.value = this.language;

    this.steps = el("ol", { class: "wb-steps" });
    this.sections = el("div", { class: "wb-sections" });
    this.top = el("ul", { class: "wb-problem-list" });
    this.topBox = el(
      "section",
      { class: "wb-top", hidden: true, "aria-labelledby": this.id("problems") },
      el("h2", { id: this.id("problems") }),
      this.top,
    );
    const heading = el("h1", {}, w.title);
    const header = el(
      "header",
      {},
      el("div", { class: "wb-head" }, heading, el("div", { class: "wb-language" }, el("label", { for: language.id }, w.language), language)),
      el("p", { class: "wb-lead" }, w.lead),
      el("nav", { "aria-label": w.steps }, this.steps),
    );
    const form = el(
      "form",
      { class: "wb-form", novalidate: true, autocomplete: "off", onsubmit: (e) => e.preventDefault() },
      this.filesStep(),
      this.topBox,
      this.sections,
      this.makeStep(),
    );
    this.list = el("datalist", { id: this.id("instruments") });
    this.list.append(el("option", { value: "own" }));
    for (const one of this.instruments) this.list.append(el("option", { value: one.value, label: one.label }));
    const known = el("datalist", { id: this.id("programmes") });
    for (const one of this.programmes) known.append(el("option", { value: one.value, label: one.label }));
    form.append(this.list, known);
    this.main = el("div", { class: "wb-main" }, header, form);
    this.root.replaceChildren(this.main);
    if (this.options.doors && !this.hasFiles && !this.through) this.doors(header, form);
  }

  doors(header, form) {
    const w = this.words;
    const door = (name, act) =>
      el(
        "li",
        {},
        el("button", { type: "button", class: "wb-door", onclick: act, "data-door": name },
          el("strong", {}, w[`door_${name}`]), el("span", {}, w[`door_${name}_says`])),
      );
    const box = el("section", { class: "wb-doors", "aria-labelledby": this.id("doors") }, el("h2", { id: this.id("doors") }, w.doors));
    const list = el("ul", {});
    const nav = header.querySelector("nav");
    const hidden = [form, nav];
    for (const one of hidden) one.hidden = true;
    list.append(
      door("data", () => {
        this.through = true;
        box.remove();
        for (const one of hidden) one.hidden = false;
        this.fileInput.focus();
      }),
      door("example", async () => {
        box.after(this.progressBox);
        await this.ask({ do: "example", form: this.form() });
        this.follow();
      }),
      door("plan", () => window.open(this.options.planning, "_blank", "noopener")),
    );
    box.append(list);
    header.after(box);
  }

  step(name, legend, ...inside) {
    const id = this.id(`step-${name}`);
    return el(
      "fieldset",
      { class: `wb-step wb-step-${name}`, id, tabindex: "-1" },
      el("legend", {}, el("span", {}, legend)),
      ...inside,
    );
  }

  filesStep() {
    const w = this.words;
    this.fileInput = el("input", {
      type: "file", multiple: true, id: this.id("place-files"), accept: this.kinds.join(","),
      onchange: (e) => this.upload(e.target),
    });
    this.files = el("div", { class: "wb-files" });
    this.titleHelp = el("p", { class: "wb-help", id: this.id("title-help") });
    this.titleInput = el("input", {
      type: "text", id: this.id("place-title"), value: this.title,
      onchange: (e) => {
        this.title = e.target.value;
        this.changed("title");
      },
    });
    const title = this.wrapped("title", el("label", { for: this.titleInput.id }, w.study_title), this.titleInput, this.titleHelp);
    const help = el("p", { class: "wb-help", id: this.id("files-help") }, w.choose_files_help);
    const files = this.wrapped("files", el("label", { for: this.fileInput.id }, w.choose_files), this.fileInput, help);
    const parts = [title, files];
    if (this.options.paths) {
      const path = el("input", { type: "text", id: this.id("path") });
      const read = async () => {
        this.taken(await this.ask({ do: "read", path: path.value, form: this.form() }));
      };
      parts.push(el("div", { class: "wb-field" }, el("label", { for: path.id }, w.path),
        el("div", { class: "wb-row" }, path, el("button", { type: "button", onclick: read }, w.read_path))));
    }
    return this.step("files", w.step_files, ...parts, this.files);
  }

  // a control with a place for its problems
  wrapped(place, label, control, help) {
    const problems = el("ul", { class: "wb-problems", id: `${control.id}-problems`, hidden: true });
    const box = el("div", { class: "wb-field", "data-place": place }, label, help, control, problems);
    this.fields.set(place, { box, control, controls: [control], problems, described: [help.id], label: label.textContent });
    control.setAttribute("aria-describedby", help.id);
    return box;
  }

  makeStep() {
    const w = this.words;
    this.status = el("p", { class: "wb-status", role: "status" }, w.nothing_yet);
    this.foreseen = el("details", { class: "wb-more", hidden: true, open: true });
    this.notes = el("details", { class: "wb-more", hidden: true });
    this.yaml = el("textarea", {
      class: "wb-yaml", id: this.id("yaml"), readonly: true, rows: "18", spellcheck: "false", wrap: "off", "aria-label": w.yaml,
      onchange: (e) => {
        this.own = e.target.value;
        this.changed();
      },
    });
    this.yamlHelp = el("p", { class: "wb-help", id: this.id("yaml-help") });
    this.yaml.setAttribute("aria-describedby", this.yamlHelp.id);
    this.ownButton = el("button", { type: "button", onclick: () => this.writeOneself(this.yaml.readOnly) });
    this.yamlBox = el("details", { class: "wb-more wb-file-text", hidden: true }, el("summary", {}, w.yaml), this.yamlHelp, this.yaml,
      el("div", { class: "wb-row" }, this.ownButton));
    this.runButton = el("button", { type: "button", class: "wb-primary", onclick: () => this.run() }, w.run);
    this.writeButton = el("button", { type: "button", onclick: () => this.write() }, w.write);
    this.bar = el("progress", { "aria-label": w.progress, max: "1" });
    this.stepName = el("p", { role: "status", class: "wb-step-name" });
    this.waited = el("p", { class: "wb-waited", "aria-hidden": "true" });
    this.link = el("a", { target: "_blank", rel: "noopener", class: "wb-open", hidden: true }, w.open_report);
    this.progressBox = el("div", { class: "wb-progress", hidden: true }, this.bar, this.stepName, this.waited, this.link);
    return this.step("make", w.step_make, this.status, this.foreseen, this.notes, this.yamlBox,
      el("div", { class: "wb-row" }, this.runButton, this.writeButton), this.progressBox);
  }

  // ------------------------------------------------------------------ files

  async upload(input) {
    clearTimeout(this.timer);
    this.tell(this.words.reading);
    let read = null;
    for (const file of [...input.files]) {
      const answer = await this.ask({ do: "read", name: file.name, form: this.form() }, file);
      if (answer.error) this.refusedFile = answer;
      else read = answer;
    }
    if (read) this.taken(read);
    if (this.refusedFile) this.taken(this.refusedFile);
    this.refusedFile = null;
    input.value = ""; // so that the same file, mended, can be chosen again
  }

  taken(answer) {
    if (answer.error) {
      this.refused = this.refused.filter((one) => one.place !== answer.place);
      this.refused.push({ place: answer.place || "", sentence: answer.error });
      this.showProblems();
      this.tell(answer.error);
      return;
    }
    this.found = [];
    this.show(answer);
    this.checkSoon();
  }

  showFiles(files) {
    const w = this.words;
    this.hasFiles = files.length > 0;
    const shown = files.map((file) => {
      const drop = el("button", {
        type: "button", class: "wb-drop",
        onclick: async () => {
          this.taken(await this.ask({ do: "drop", name: file.name, form: this.form() }));
          this.fileInput.focus();
        },
      }, fill(w.drop, { name: file.name }));
      return el("div", { class: "wb-file" }, ...file.tables.map((one) => this.table(one)), drop);
    });
    this.files.replaceChildren(...shown);
  }

  table(one) {
    const w = this.words;
    const said = fill(w.table, { name: one.name.replace(/^raw\//, ""), rows: one.rows, columns: one.columns });
    const head = el("tr", {}, el("td", {}), ...one.heads.map((name) => el("th", { scope: "col" }, name)));
    const rows = one.cells.map((cells, i) =>
      el("tr", {}, el("th", { scope: "row" }, String(one.header + 1 + i)), ...cells.map((cell) => el("td", {}, cell))));
    const left = one.columns - one.heads.length;
    const caption = el("caption", {}, left > 0 ? `${said} ${fill(w.more_columns, { n: left })}` : said);
    const table = el("table", {}, caption, el("thead", {}, head), el("tbody", {}, ...rows));
    return el("div", { class: "wb-table", tabindex: "0", role: "group", "aria-label": said }, table);
  }

  // ------------------------------------------------------------------ showing

  show(answer) {
    const w = this.words;
    if (answer.error) {
      this.taken(answer);
      return;
    }
    this.showFiles(answer.files);
    this.titleHelp.textContent = fill(w.study_title_help, { folder: answer.folder });
    this.guessed = answer.guessed;
    const typing = this.own && this.yaml.matches(":focus");
    if (!typing && this.yaml.value !== answer.text) this.yaml.value = answer.text;
    this.sayWhoWrites();
    this.yamlBox.hidden = !answer.text;
    const kept = new Set(["title", "files"]);
    const boxes = answer.sections.map((section) => this.section(section, kept));
    this.place(this.sections, boxes);
    for (const [place, one] of this.fields) {
      if (!kept.has(place)) {
        one.box.remove();
        this.fields.delete(place);
      }
    }
    this.showSteps(answer.sections);
    this.refused = answer.problems;
    this.showProblems();
    if (!this.hasFiles) this.tell(w.nothing_yet);
    else if (!answer.text) this.tell(fill(w.unfit, { n: this.problems.length }));
  }

  // put children in order without moving those that stand right: what has the focus keeps it
  place(parent, children) {
    children.forEach((child, i) => {
      if (parent.children[i] !== child) parent.insertBefore(child, parent.children[i] || null);
    });
    while (parent.children.length > children.length) parent.lastElementChild.remove();
  }

  section(section, kept) {
    const w = this.words;
    const id = this.id(`step-${section.id}`);
    const known = this.sections.querySelector(`#${id}`);
    const says = w[`says_${section.id}`];
    const box = known || this.step(section.id, w[`step_${section.id}`], el("p", { class: "wb-says" }, says),
      this.folding(section, el("div", { class: "wb-groups" })), el("p", { class: "wb-help wb-said" }));
    if (section.id === "measured") {
      kept.add("measured");
      if (!this.fields.has("measured")) {
        const problems = el("ul", { class: "wb-problems", id: `${id}-problems`, hidden: true });
        box.querySelector(".wb-says").after(problems);
        this.fields.set("measured", { box: problems, control: box, controls: [], problems, described: [], label: w.step_measured });
      }
    }
    const said = box.querySelector(".wb-said");
    said.textContent = section.said;
    said.hidden = !section.said;
    const groups = section.groups.map((group) => this.group(box, group, kept));
    this.place(box.querySelector(".wb-groups"), groups);
    return box;
  }

  // what nobody needs to answer is shown when it is asked for, or was answered
  folding(section, groups) {
    if (!section.folded) return groups;
    const open = section.groups.some((group) => group.fields.some((field) => field.value && field.state === "said"));
    return el("details", { class: "wb-more wb-folded", open }, el("summary", {}, this.words.unfold), groups);
  }

  group(section, group, kept) {
    const id = this.id(`group-${group.id}`);
    let box = section.querySelector(`#${id}`);
    if (!box) {
      box = group.legend
        ? el("fieldset", { class: "wb-group", id }, el("legend", {}), el("div", { class: "wb-fields" }))
        : el("div", { class: "wb-group", id }, el("div", { class: "wb-fields" }));
    }
    if (group.legend) box.querySelector("legend").textContent = group.legend;
    const fields = group.fields.map((field) => {
      kept.add(field.place);
      return this.field(field);
    });
    this.place(box.querySelector(".wb-fields"), fields);
    return box;
  }

  field(field) {
    let known = this.fields.get(field.place);
    if (!known || known.kind !== field.kind) {
      if (known) known.box.remove();
      known = this.newField(field);
      this.fields.set(field.place, known);
    }
    known.update(field);
    return known.box;
  }

  newField(field) {
    const id = this.id(`place-${field.place}`);
    const part = (name, tag = "p") => el(tag, { class: `wb-${name}`, id: `${id}-${name}`, hidden: true });
    const made = { kind: field.kind, note: part("note"), help: part("help"), problems: part("problems", "ul"), more: el("details", { class: "wb-more", hidden: true }), controls: [] };
    const answer = (value) => {
      if (value === "" && field.kind === "text") value = field.place.endsWith(".missing") ? "none" : "";
      if (value === "") delete this.answers[field.place];
      else this.answers[field.place] = value;
      this.changed(field.place);
    };
    if (field.kind === "radio" || field.kind === "checks") this.choices(made, field, id, answer);
    else this.control(made, field, id, answer);
    made.update = (now) => {
      made.label = now.label;
      made.heading.textContent = now.label;
      made.set(now);
      const [mark, ...why] = now.note.split(": "); // guessed, or cannot be seen: and why
      const badge = el("span", { class: `wb-badge wb-${now.state}` }, mark);
      made.note.replaceChildren(...(now.note ? [badge, ` ${why.join(": ")}`] : []));
      made.note.hidden = !now.note;
      made.help.textContent = now.help;
      made.help.hidden = !now.help;
      made.described = [now.note ? made.note.id : "", now.help ? made.help.id : ""].filter(Boolean);
      if (made.lines !== now.more.join("\n")) {
        made.lines = now.more.join("\n");
        const asked = now.kind === "programme" ? this.words.what_programme : this.words.what_is;
        const lines = { class: "wb-lines", tabindex: "0", role: "group", "aria-label": asked }; // it scrolls: by keys, too
        made.more.replaceChildren(el("summary", {}, asked), el("div", lines, made.lines));
      }
      made.more.hidden = !now.more.length;
    };
    return made;
  }

  control(made, field, id, answer) {
    made.heading = el("label", { for: id });
    if (field.kind === "select") {
      made.control = el("select", { id, onchange: (e) => answer(e.target.value) });
    } else {
      made.control = el("input", {
        id, type: "text",
        onchange: (e) => {
          made.held = e.target.value;
          answer(e.target.value.trim());
        },
      });
      if (field.kind === "instrument" || field.kind === "programme") {
        made.control.setAttribute("list", this.id(`${field.kind}s`));
        made.control.addEventListener("focus", () => made.control.select()); // what is typed then searches the whole list
      }
    }
    made.controls = [made.control];
    made.box = el("div", { class: "wb-field", "data-place": field.place }, made.heading, made.control, made.help, made.note, made.more, made.problems);
    made.set = (now) => {
      const options = JSON.stringify(now.options);
      if (now.kind === "select" && made.options !== options) {
        made.options = options;
        made.control.replaceChildren(...now.options.map((one) => new Option(one.label, one.value)));
      }
      const typing = now.kind !== "select" && made.control.matches(":focus") && made.control.value !== made.held;
      if (typing) return; // an answer to an earlier change takes away nothing that is being typed
      if (made.control.value !== now.value) made.control.value = now.value;
      made.held = made.control.value;
    };
  }

  // one of several (radio), or as many of them as hold (checks: their values with commas)
  choices(made, field, id, answer) {
    const type = field.kind === "radio" ? "radio" : "checkbox";
    const held = () => made.controls.filter((one) => one.checked).map((one) => one.value).join(", ") || made.nothing;
    made.heading = el("legend", {});
    made.choices = el("div", { class: "wb-choices" });
    made.box = el("fieldset", { class: "wb-field wb-radio", "data-place": field.place }, made.heading, made.choices, made.help, made.note, made.problems);
    made.set = (now) => {
      const options = JSON.stringify(now.options);
      if (made.options !== options) {
        made.options = options;
        made.controls = now.options.map((one, i) =>
          el("input", { type, name: id, id: `${id}-${i}`, value: one.value, onchange: () => answer(held()) }));
        made.choices.replaceChildren(...now.options.map((one, i) =>
          el("div", { class: "wb-choice" }, made.controls[i], el("label", { for: `${id}-${i}` }, one.label))));
      }
      const chosen = now.kind === "radio" ? [now.value] : now.value.split(",").map((one) => one.trim());
      made.nothing = now.nothing;
      for (const one of made.controls) one.checked = chosen.includes(one.value) || one.value === now.value;
      made.control = made.controls.find((one) => one.checked) || made.controls[0];
    };
  }

  showSteps(sections) {
    const w = this.words;
    const names = ["files", ...sections.map((one) => one.id), "make"];
    const link = (name) => {
      const target = this.id(`step-${name}`);
      return el("li", {}, el("a", {
        href: `#${target}`,
        onclick: (e) => {
          e.preventDefault();
          this.go(name === "make" ? this.runButton : this.root.querySelector(`#${target}`));
        },
      }, w[`step_${name}`]));
    };
    if (this.named !== names.join()) {
      this.named = names.join();
      this.steps.replaceChildren(...names.map(link));
    }
  }

  go(target) {
    for (let up = target; up && up !== this.root; up = up.parentElement) if (up.tagName === "DETAILS") up.open = true;
    target.scrollIntoView({ block: "center" });
    target.focus({ preventScroll: true });
  }

  // ------------------------------------------------------------------ problems

  showProblems() {
    const w = this.words;
    for (const one of this.fields.values()) one.found = [];
    const lines = [];
    for (const problem of this.problems) {
      const field = this.fields.get(problem.place);
      if (!field) {
        lines.push(this.told(problem));
        continue;
      }
      field.found.push(problem);
      if (field.found.length === 1) {
        lines.push(el("li", {}, el("a", {
          href: `#${field.control.id}`,
          onclick: (e) => {
            e.preventDefault();
            this.go(field.control);
          },
        }, fill(w.to_field, { label: field.label }))));
      }
    }
    for (const one of this.fields.values()) {
      one.problems.replaceChildren(...one.found.map((problem) => this.told(problem)));
      one.problems.hidden = !one.found.length;
      one.box.classList.toggle("wb-wrong", one.found.length > 0);
      const described = [...one.described, one.found.length ? one.problems.id : ""].filter(Boolean).join(" ");
      for (const control of one.controls) {
        control.toggleAttribute("aria-invalid", false);
        if (one.found.length && control.type !== "radio") control.setAttribute("aria-invalid", "true");
        if (described) control.setAttribute("aria-describedby", described);
        else control.removeAttribute("aria-describedby");
      }
    }
    this.top.replaceChildren(...lines);
    this.topBox.querySelector("h2").textContent = fill(w.problems, { n: this.problems.length });
    this.topBox.hidden = !this.problems.length;
  }

  // a problem in words, with the answer that would mend it where the form has one
  told(problem) {
    const { mend } = problem;
    if (!mend) return el("li", {}, problem.sentence);
    const press = async () => {
      this.answers[mend.place] = mend.value;
      await this.changed(problem.place);
      const field = this.fields.get(mend.place);
      const next = this.nextWrong(problem.place) || field; // the press is gone with its problem: on to the next
      if (next) this.go(next.control);
    };
    return el("li", {}, problem.sentence, el("button", { type: "button", class: "wb-mend", onclick: press }, mend.label));
  }

  // the field below another at which something is still to be mended, or the first; null where nothing is
  nextWrong(place) {
    const from = this.fields.get(place);
    const wrong = [...this.fields.entries()].filter(([name, one]) => name !== place && one.found.length).map(([, one]) => one);
    const follows = (one) => from && from.box.compareDocumentPosition(one.box) & Node.DOCUMENT_POSITION_FOLLOWING;
    const down = (a, b) => (a.box.compareDocumentPosition(b.box) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1);
    const below = wrong.filter(follows).sort(down);
    return below[0] || wrong.sort(down)[0] || null;
  }

  checked(answer) {
    const w = this.words;
    if (answer.error) {
      this.taken(answer);
      return;
    }
    if (!answer.checked) {
      if (this.hasFiles) this.tell(fill(w.unfit, { n: this.problems.length })); // a file that cannot be read
      return;
    }
    this.found = answer.problems;
    this.showProblems();
    this.listed(this.foreseen, w.foreseen, answer.foreseen || []);
    this.listed(this.notes, w.notes, answer.notes || []);
    this.tell(answer.fit ? fill(w.fit, { pupils: answer.pupils }) : fill(w.unfit, { n: answer.problems.length }));
    this.status.classList.toggle("wb-good", answer.fit);
  }

  listed(box, summary, lines) {
    box.replaceChildren(el("summary", {}, summary), el("ul", {}, ...lines.map((line) => el("li", {}, line))));
    box.hidden = !lines.length;
  }

  tell(sentence) {
    if (this.status.textContent !== sentence) this.status.textContent = sentence;
    this.status.classList.remove("wb-good");
  }

  // ------------------------------------------------------------------ the report

  async write() {
    const answer = await this.ask({ do: "write", form: this.form() });
    if (answer.error) this.taken(answer);
    else this.tell(fill(this.words.written, { folder: answer.folder }));
  }

  // the text of study.yaml is the form's, until the user takes it over; back again, the form's choices count
  async writeOneself(oneself) {
    this.own = oneself ? this.yaml.value : "";
    this.yaml.readOnly = !oneself;
    await this.changed();
    if (oneself) this.yaml.focus();
  }

  sayWhoWrites() {
    const w = this.words;
    this.yaml.readOnly = !this.own;
    this.yamlHelp.textContent = this.own ? w.yaml_own : fill(w.yaml_help, { n: this.guessed });
    this.ownButton.textContent = this.own ? w.yaml_back : w.yaml_take;
    this.sections.classList.toggle("wb-idle", Boolean(this.own));
    for (const one of this.sections.querySelectorAll(".wb-step")) one.disabled = Boolean(this.own);
  }

  async run() {
    clearTimeout(this.timer);
    this.tell(this.words.checking);
    const answer = await this.ask({ do: "run", form: this.form() });
    if (answer.error) {
      this.taken(answer);
      this.goToFirst();
    } else if (!answer.running) {
      this.checked(answer);
      this.goToFirst();
    } else {
      this.tell(fill(this.words.written, { folder: answer.folder }));
      this.follow();
    }
  }

  goToFirst() {
    const first = this.problems.map((one) => this.fields.get(one.place)).find(Boolean);
    if (first) this.go(first.control);
    else if (!this.topBox.hidden) this.topBox.scrollIntoView();
    else if (!this.hasFiles) this.go(this.fileInput);
  }

  follow() {
    const began = Date.now();
    this.runButton.disabled = true;
    this.progressBox.hidden = false;
    this.link.hidden = true;
    this.bar.hidden = false;
    this.bar.removeAttribute("value");
    this.progressBox.scrollIntoView({ block: "nearest" });
    const look = async () => {
      let now;
      try {
        now = await this.transport.ask({ do: "progress" });
      } catch {
        this.over(this.words.gone);
        return;
      }
      this.waited.textContent = fill(this.words.waited, { seconds: Math.round((Date.now() - began) / 1000) });
      if (now.running) {
        const name = fill(this.words.running, { step: now.step });
        if (this.stepName.textContent !== name) this.stepName.textContent = name;
        if (now.part) this.bar.value = now.part;
        setTimeout(look, LOOK_EVERY);
        return;
      }
      if (now.error || !now.report) {
        this.over(`${this.words.failed} ${now.error || ""}`);
        return;
      }
      this.link.href = await this.transport.report(now.report);
      this.over(this.words.made);
      this.bar.hidden = false;
      this.bar.value = 1;
      this.link.hidden = false;
      this.link.focus();
    };
    look();
  }

  over(sentence) {
    this.runButton.disabled = false;
    this.bar.hidden = true;
    this.stepName.textContent = sentence;
  }
}

export function mount(root, transport, options = {}) {
  const builder = new Builder(root, transport, options);
  builder.start();
  return builder;
}

// ---------------------------------------------------------------------- the page

function pageTransport() {
  const post = async (address, body, headers) => {
    const answer = await fetch(address, { method: "POST", body, headers, cache: "no-store" });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  };
  return {
    ask: (message, file) =>
      file
        ? post(`upload?message=${encodeURIComponent(JSON.stringify(message))}`, file, { "Content-Type": "application/octet-stream" })
        : post("message", JSON.stringify(message), { "Content-Type": "application/json" }),
    report: async (name) => `report/${encodeURIComponent(name)}`,
  };
}

const page = document.getElementById("werkbank-page");
if (page) {
  mount(page, pageTransport());
  setInterval(() => fetch("alive", { method: "POST", body: "" }).catch(() => null), ALIVE_EVERY);
  addEventListener("pagehide", () => navigator.sendBeacon("bye", ""));
}

// ---------------------------------------------------------------------- JupyterLab

function widgetTransport(model) {
  const waiting = new Map();
  let last = 0;
  model.on("msg:custom", (answer, buffers) => {
    const done = waiting.get(answer.id);
    if (!done) return;
    waiting.delete(answer.id);
    done([answer.answer, buffers]);
  });
  const send = (message, buffers = []) =>
    new Promise((resolve) => {
      const id = `${Date.now()}-${++last}`;
      waiting.set(id, resolve);
      model.send({ id, message }, undefined, buffers);
    });
  return {
    ask: async (message, file) => (await send(message, file ? [await file.arrayBuffer()] : []))[0],
    report: async () => {
      const [, buffers] = await send({ do: "report" });
      return URL.createObjectURL(new Blob([buffers[0]], { type: "text/html;charset=utf-8" }));
    },
  };
}

export default {
  render({ model, el: host }) {
    const base = JSON.parse(document.getElementById("jupyter-config-data")?.textContent || "{}").baseUrl || "/";
    mount(host, widgetTransport(model), {
      doors: model.get("doors"),
      paths: true,
      planning: `${base}lab/tree/notebooks/planning.ipynb`,
    });
  },
};
