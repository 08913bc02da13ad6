// SPDX-License-Identifier: MIT
// The keyboard on the timeline. The arrow keys move in time and choose a row. With Shift, they go
// from item to item in that row, and the item is described as the pointer would describe it.
const typing = (() => {
  "use strict";

  function begin(drawn) {
    const { box, view } = drawn;
    const caption = document.getElementById("caption");

    function chooseRow(step) {
      const shown = drawn.shownRows();
      if (!shown.length) return;
      const i = shown.indexOf(view.row);
      view.row = shown[i < 0 ? 0 : Math.min(Math.max(i + step, 0), shown.length - 1)];
      view.at = null;
      drawn.showTip("", 0, 0);
      drawn.draw();
      drawn.scrollTo(view.row);
      caption.textContent = view.row.label;
    }

    // The next item of the row, in the order of time. An operation that begins with a load or with a
    // cold event counts once.
    function nextItem(direction) {
      const from = view.at ? view.at.from : direction > 0 ? view.from : view.to;
      let best = null;
      for (const items of [view.row.operations, view.row.loads, view.row.cold]) {
        for (const item of items) {
          const by = (item.from - from) * direction;
          if (by < 0 || (by === 0 && view.at)) continue;
          if (!best || by < (best.from - from) * direction) best = item;
        }
      }
      return best;
    }

    function chooseItem(direction) {
      if (!view.row) chooseRow(0);
      const item = view.row && nextItem(direction);
      if (!item) return;
      view.at = item;
      if (item.from < view.from || item.from > view.to) {
        const half = (view.to - view.from) / 2;
        drawn.show(item.from - half, item.from + half);
      } else {
        drawn.draw();
      }
      const reach = 2 * (view.to - view.from) / drawn.width();
      const words = drawn.wordsOf(view.row, item.from, reach);
      const top = drawn.axisHeight + drawn.shownRows().indexOf(view.row) * drawn.rowHeight;
      drawn.scrollTo(view.row);
      drawn.showTip(words, drawn.place(item.from), top + drawn.labelHeight);
      caption.textContent = words.replaceAll("\n", ", ");
    }

    const whole = () => view.to - view.from;
    const keys = {
      ArrowLeft: () => drawn.move(-0.25), ArrowRight: () => drawn.move(0.25),
      ArrowUp: () => chooseRow(-1), ArrowDown: () => chooseRow(1),
      "+": () => drawn.zoom(0.5), "=": () => drawn.zoom(0.5), "-": () => drawn.zoom(2),
      0: () => drawn.go.all(),
      Home: () => drawn.show(0, whole(), undefined, 1),
      End: () => drawn.show(drawn.end - whole(), drawn.end, undefined, -1),
      n: () => drawn.go.next(), p: () => drawn.go.previous(),
      Escape() {
        view.row = view.at = null;
        drawn.showTip("", 0, 0);
        drawn.show(view.from, view.to);
      },
    };
    const withShift = { ArrowLeft: () => chooseItem(-1), ArrowRight: () => chooseItem(1),
      "+": keys["+"] };
    box.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const act = (event.shiftKey ? withShift : keys)[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    });
  }

  return { begin };
})();
