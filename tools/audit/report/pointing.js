// SPDX-License-Identifier: MIT
// The pointer on the timeline: it shows what is under it, moves the visible part and zooms.
const pointing = (() => {
  "use strict";

  function begin(drawn) {
    const { canvas, box, view } = drawn;
    let drag = null;

    const placeOf = (event) => {
      const edge = canvas.getBoundingClientRect();
      return [event.clientX - edge.left, event.clientY - edge.top];
    };

    function showTip(event) {
      const [x, y] = placeOf(event);
      const row = drawn.shownRows()[Math.floor((y - drawn.axisHeight) / drawn.rowHeight)];
      const reach = 6 * (view.to - view.from) / drawn.width();
      const words = row && y >= drawn.axisHeight ? drawn.wordsOf(row, drawn.time(x), reach) : "";
      drawn.showTip(words, x, y);
    }

    canvas.addEventListener("pointerdown", (event) => {
      drag = { x: event.clientX, from: view.from, to: view.to, hasMoved: false };
      canvas.setPointerCapture(event.pointerId);
      showTip(event);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!drag) {
        showTip(event);
        return;
      }
      const by = (drag.x - event.clientX) / drawn.width() * (drag.to - drag.from);
      if (Math.abs(drag.x - event.clientX) < 3) return;
      drag.hasMoved = true;
      box.classList.add("dragged");
      drawn.showTip("", 0, 0);
      drawn.show(drag.from + by, drag.to + by, undefined, 0, true);
    });
    for (const end of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(end, () => {
        if (drag && drag.hasMoved) {
          drawn.show(view.from, view.to, undefined, Math.sign(view.from - drag.from));
        }
        drag = null;
        box.classList.remove("dragged");
      });
    }
    canvas.addEventListener("pointerleave", () => { if (!drag) drawn.showTip("", 0, 0); });
    canvas.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return; // a plain wheel scrolls the page
      event.preventDefault();
      drawn.zoom(event.deltaY > 0 ? 1.25 : 0.8, drawn.time(placeOf(event)[0]));
    }, { passive: false });
  }

  return { begin };
})();
