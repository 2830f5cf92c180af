// What Streamlit's widgets and the code editor do not do by themselves.
(() => {
  if (window.tliKeyboard) return;
  window.tliKeyboard = true;

  // What is typed reaches the server only when the field is left; so leave it, for Streamlit, at each pause in typing.
  const PAUSE_MS = 800;
  const pauses = new WeakMap();
  document.addEventListener("input", (event) => {
    const field = event.target;
    if (!(field instanceof HTMLTextAreaElement)) return;
    clearTimeout(pauses.get(field));
    pauses.set(field, setTimeout(() => {
      if (field.isConnected && document.activeElement === field) {
        field.dispatchEvent(new FocusEvent("focusout", { bubbles: true }));
        field.dispatchEvent(new FocusEvent("focusin", { bubbles: true }));
      }
    }, PAUSE_MS));
  });

  // A radio button or a box that was just clicked has the focus and swallows the page's shortcuts, which it has no use
  // for: Enter, which hands the answer in as Ctrl+Enter does everywhere, and the ratings 1 to 4.
  document.addEventListener("keydown", (event) => {
    const at = event.target;
    const chosen = at instanceof HTMLInputElement && (at.type === "radio" || at.type === "checkbox");
    if (!chosen || event.altKey || event.metaKey || !["Enter", "1", "2", "3", "4"].includes(event.key)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    for (const type of ["keydown", "keyup"]) {
      const { key, code, keyCode } = event;
      const ctrlKey = key === "Enter";
      document.body.dispatchEvent(new KeyboardEvent(type, { key, code, keyCode, which: keyCode, ctrlKey, bubbles: true }));
    }
  }, true);

  // The code editor proposes words while one types, and Enter takes the first: "nn" at the end of a line becomes "None".
  // streamlit-ace has no option against that. Ctrl+Space still proposes words.
  window.addEventListener("blur", () => {
    setTimeout(() => {
      const frame = document.activeElement;
      if (!(frame instanceof HTMLIFrameElement) || !frame.title.startsWith("streamlit_ace")) return;
      frame.contentDocument.querySelector(".ace_editor")?.env.editor.setOption("enableLiveAutocompletion", false);
    });
  });
})();
