// SPDX-License-Identifier: MIT
// Functions that the scripts of all pages share.
const page = (() => {
  "use strict";

  // Computing a style takes much longer than drawing a mark with it.
  const colours = new Map();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => colours.clear());
  function colour(name) {
    if (!colours.has(name)) {
      const style = getComputedStyle(document.documentElement);
      colours.set(name, style.getPropertyValue("--" + name).trim());
    }
    return colours.get(name);
  }
  const faded = (hex, share) => hex + Math.round(share * 255).toString(16).padStart(2, "0");

  function inWords(ms) {
    if (ms < 9.95) return ms.toFixed(1) + " ms";
    if (ms < 999.5) return ms.toFixed(0) + " ms";
    return (ms / 1000).toFixed(ms < 9995 ? 2 : 1) + " s";
  }

  function tick(ms) {
    return ms >= 1000 ? +(ms / 1000).toPrecision(4) + " s" : +ms.toPrecision(4) + " ms";
  }

  function tooltip(callbacks) {
    return {
      backgroundColor: colour("card"), titleColor: colour("ink"), bodyColor: colour("ink"),
      borderColor: colour("line"), borderWidth: 1, padding: 10, boxPadding: 4, callbacks,
    };
  }

  // Makes a button copy a text to the clipboard. If there is no clipboard, it selects the text.
  function copies(button, from) {
    if (!button) return;
    const label = button.textContent;
    button.addEventListener("click", () => {
      const done = () => {
        button.textContent = "Copied";
        setTimeout(() => { button.textContent = label; }, 2000);
      };
      const select = () => { getSelection().selectAllChildren(from); };
      if (navigator.clipboard) navigator.clipboard.writeText(from.textContent).then(done, select);
      else select();
    });
  }

  return { colour, faded, inWords, tick, tooltip, copies };
})();
