// What makes the start page of `werkbank lab` run its own cell when it opens, so that its buttons are there at once.
// A container as JupyterLab loads it (webpack's module federation), written by hand: it shares no library.
// It runs nothing else than what werkbank wrote itself (CELLS), in no other notebook than PAGE, once for a kernel.

(() => {
  const PAGE = "__PAGE__";
  const CELLS = "__CELLS__";
  const DONE = "werkbank-start-kernel"; // the kernel in which it ran: a page that is loaded again keeps its form
  const LOOK_EVERY = 100; // milliseconds between two looks at whether Lab can run a cell
  const MOST_LOOKS = 300;

  const isPage = (widget) => widget?.context?.path === PAGE && widget.content?.widgets;

  const own = (notebook) =>
    notebook.widgets.findIndex((cell) => cell.model.type === "code" && CELLS.includes(cell.model.sharedModel.getSource()));

  async function run(app, panel) {
    await panel.context.ready;
    await panel.sessionContext.ready;
    const kernel = panel.sessionContext.session?.kernel?.id;
    const index = own(panel.content);
    if (!kernel || index < 0) return;
    const shown = panel.content.widgets[index].model.outputs.length > 0;
    if (shown && localStorage.getItem(DONE) === kernel) return;
    for (let n = 0; n < MOST_LOOKS; n++) {
      if (app.shell.currentWidget !== panel) return; // the user went on to another page
      panel.content.activeCellIndex = index;
      if (app.commands.isEnabled("notebook:run-cell")) {
        localStorage.setItem(DONE, kernel);
        await app.commands.execute("notebook:run-cell");
        await panel.context.save(); // a page that is loaded again finds its form: the kernel still holds it
        return;
      }
      await new Promise((go) => setTimeout(go, LOOK_EVERY));
    }
  }

  function activate(app) {
    const begun = new WeakSet();
    const look = () => {
      const panel = app.shell.currentWidget;
      if (!isPage(panel) || begun.has(panel)) return;
      begun.add(panel);
      run(app, panel).catch(console.error);
    };
    app.restored.then(() => {
      app.shell.currentChanged.connect(look);
      look();
    });
  }

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB["werkbank-start"] = {
    init: () => undefined,
    get: async () => () => ({ __esModule: true, default: { id: "werkbank-start:run", autoStart: true, activate } }),
  };
})();
