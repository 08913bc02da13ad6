// SPDX-License-Identifier: MIT
// The swim lanes have a row for each process and each key. They show a part of the run, which the
// user can move and zoom. Names reach the page only as text of a canvas or of an element.
const lanes = (() => {
  "use strict";
  const { colour, inWords, tick } = page;
  const axisHeight = 22, labelHeight = 15, bandHeight = 24, rowGap = 5;
  const rowHeight = labelHeight + bandHeight + rowGap;
  const spanMin = 0.5; // ms

  function begin(series, box, onChange) {
    const canvas = box.querySelector("canvas");
    const tip = box.querySelector(".tip");
    const all = rows.of(series);
    const cold = series.cold.map((event) => event[1]).sort((a, b) => a - b);
    const hidden = new Set(["others"]);
    // `row` and `at` are the place of the keyboard: a shown row, and the item under it, if any.
    const view = { from: 0, to: series.end, marked: null, row: null, at: null };
    let width = 0;

    if (!all.some((row) => !hidden.has(row.group))) hidden.clear();
    const shownRows = () => all.filter((row) => !hidden.has(row.group));
    const place = (at) => (at - view.from) / (view.to - view.from) * width;
    const time = (x) => view.from + x / width * (view.to - view.from);

    // A bar that is wide enough to be visible; null if it is outside the visible part.
    function span(from, to, least) {
      const left = place(from), right = Math.max(place(to), left + least);
      return right < 0 || left > width ? null
        : [Math.max(left, -4), Math.min(right, width + 4) - Math.max(left, -4)];
    }

    function drawAxis(ctx, height) {
      const rough = (view.to - view.from) / Math.max(width / 110, 2);
      const power = 10 ** Math.floor(Math.log10(rough));
      const step = [1, 2, 5, 10].map((factor) => factor * power).find((factor) => factor >= rough);
      ctx.strokeStyle = colour("line");
      ctx.fillStyle = colour("faint");
      for (let at = Math.ceil(view.from / step) * step; at <= view.to; at += step) {
        const x = Math.round(place(at)) + 0.5;
        ctx.beginPath();
        ctx.moveTo(x, axisHeight - 4);
        ctx.lineTo(x, height);
        ctx.stroke();
        const text = step >= 1 ? tick(at)
          : at >= 1000 ? (at / 1000).toFixed(4) + " s" : at.toFixed(1) + " ms";
        if (x + ctx.measureText(text).width + 6 < width) ctx.fillText(text, x + 3, 6);
      }
    }

    function drawMarks(ctx, row, top) {
      const last = {};
      for (const operation of row.operations) {
        const x = place(operation.from);
        if (x < -9 || x > width + 9 || x - last[operation.kind] < 1.2) continue;
        last[operation.kind] = x;
        ctx.lineWidth = 1.6;
        marks.shapes[operation.kind](ctx, x, top + bandHeight / 2);
      }
    }

    function drawRow(ctx, row, top) {
      const band = top + labelHeight;
      const isMarked = view.row === row ||
        (view.marked && view.marked.key !== undefined && view.marked.key === row.key);
      ctx.fillStyle = colour("card");
      ctx.fillRect(0, band, width, bandHeight);
      const draw = (kind, item, above, high) => {
        const at = span(item.from, item.to, 2);
        if (at) marks.bars[kind](ctx, [at[0], band + above, at[1], high]);
      };
      for (const event of row.cold) draw(event.isMade ? "made" : "cold", event, 0, bandHeight);
      for (const hold of row.holds) draw("held", hold, 4, bandHeight - 8);
      const thick = (bandHeight - 2) / row.layers;
      for (const load of row.loads) {
        draw(load.isStored ? "load" : "unstored", load, 1 + load.layer * thick,
          Math.max(thick - 1, 1.5));
      }
      drawMarks(ctx, row, band);
      ctx.font = (isMarked ? "700" : "500") + " 11.5px ui-monospace, Menlo, Consolas, monospace";
      ctx.fillStyle = colour(isMarked ? "accent" : "ink");
      let label = row.label;
      while (label.length > 8 && ctx.measureText(label).width > width - 12) {
        label = label.slice(0, Math.floor(label.length * 0.9) - 1) + "…";
      }
      ctx.fillText(label, 6, top + 2);
    }

    // An injected fault concerns no row in particular: a line through all of them.
    function drawFaults(ctx, height) {
      let last = -9;
      for (const [from, to] of series.faults || []) {
        const at = span(from, to, 1);
        if (!at || (at[1] <= 1 && at[0] - last < 1)) continue;
        last = at[0];
        marks.bars.injected(ctx, [at[0], axisHeight - 6, at[1], height - axisHeight + 6]);
      }
    }

    // Says where the rest is if the visible part has nothing to draw.
    function drawHint(ctx, shown, height) {
      const by = rows.distance(shown, view.from, view.to);
      if (by === 0) return;
      ctx.fillStyle = colour("faint");
      ctx.font = "13px system-ui, sans-serif";
      const text = !shown.length ? "No rows are chosen."
        : by === null ? "No command is drawn."
        : by > 0 ? "Nothing here. The next command comes " + inWords(by) + " later. \u2192"
        : "\u2190 Nothing here. The last command was " + inWords(-by) + " earlier.";
      ctx.fillText(text, Math.max((width - ctx.measureText(text).width) / 2, 4),
        Math.max(axisHeight + rowHeight / 2, height / 2 - 8));
    }

    // The item at which the keyboard is.
    function drawCursor(ctx, shown) {
      const i = shown.indexOf(view.row);
      if (i < 0) return;
      const band = axisHeight + i * rowHeight + labelHeight;
      ctx.strokeStyle = colour("accent");
      ctx.lineWidth = 2;
      ctx.strokeRect(1, band - labelHeight + 1, width - 2, rowHeight - rowGap);
      if (!view.at) return;
      const at = span(view.at.from, view.at.to, 2);
      if (at) ctx.strokeRect(at[0] - 7, band - 1, at[1] + 14, bandHeight + 2);
    }

    function draw() {
      box.dataset.from = view.from;
      box.dataset.to = view.to;
      width = box.clientWidth;
      if (!width) return;
      const shown = shownRows();
      const height = axisHeight + Math.max(shown.length, 1) * rowHeight + 4;
      const density = Math.min(window.devicePixelRatio || 1, 2);
      canvas.width = Math.round(width * density);
      canvas.height = Math.round(height * density);
      canvas.style.height = height + "px";
      const ctx = canvas.getContext("2d");
      ctx.setTransform(density, 0, 0, density, 0, 0);
      ctx.textBaseline = "top";
      ctx.font = "11px system-ui, sans-serif";
      drawAxis(ctx, height);
      shown.forEach((row, i) => drawRow(ctx, row, axisHeight + i * rowHeight));
      drawFaults(ctx, height);
      drawHint(ctx, shown, height);
      drawCursor(ctx, shown);
      if (view.marked) {
        const at = span(view.marked.from, view.marked.to, 2);
        if (at) {
          ctx.strokeStyle = colour("accent");
          ctx.lineWidth = 2;
          ctx.strokeRect(at[0] - 3, axisHeight - 2, at[1] + 6, height - axisHeight);
        }
      }
    }

    function placeView(from, to) {
      const length = Math.min(Math.max(to - from, spanMin), series.end);
      const middle = (from + to) / 2;
      view.from = Math.min(Math.max(middle - length / 2, 0), series.end - length);
      view.to = view.from + length;
    }

    // Shows a part of the run. If nothing in it is drawn, shows the nearest part where something is:
    // a later one with `direction` 1, and an earlier one with -1. `isFree`: shows it all the same.
    function show(from, to, marked, direction, isFree) {
      placeView(from, to);
      if (marked !== undefined) view.marked = marked;
      if (!marked && !isFree) {
        const shown = shownRows();
        const by = rows.distance(shown, view.from, view.to, direction) ??
          rows.distance(shown, view.from, view.to);
        const margin = (view.to - view.from) / 4;
        if (by) placeView(view.from + by + Math.sign(by) * margin,
          view.to + by + Math.sign(by) * margin);
      }
      draw();
      onChange(view);
    }

    const zoom = (factor, at) => {
      const around = at === undefined ? (view.from + view.to) / 2 : at;
      const left = (around - view.from) * factor, right = (view.to - around) * factor;
      show(around - left, around + right);
    };
    const move = (share) => {
      const step = (view.to - view.from) * share;
      show(view.from + step, view.to + step, undefined, Math.sign(share));
    };

    // Moves to the next cold event after the middle of the visible part, or to the last one before
    // it. If the whole run is visible, moves to the first or the last cold event.
    function goCold(isForward) {
      const isAll = view.to - view.from >= series.end, near = 0.001;
      const middle = isAll ? (isForward ? -1 : Infinity) : (view.from + view.to) / 2;
      const others = cold.filter((at) => (isForward ? at > middle + near : at < middle - near));
      if (!others.length) return;
      const at = isForward ? others[0] : others[others.length - 1];
      const half = Math.min((view.to - view.from) / 2, 400);
      show(at - half, at + half, null);
    }

    function goTo(evidence) {
      const length = Math.max(evidence.to - evidence.from, 1);
      if (evidence.key !== undefined) {
        const row = all.find((row) => row.key === evidence.key);
        if (row) hidden.delete(row.group);
      }
      show(evidence.from - 0.25 * length, evidence.to + 0.25 * length, evidence);
      const i = shownRows().findIndex((row) => row.key === evidence.key);
      if (evidence.key !== undefined && i >= 0) {
        box.scrollTop = axisHeight + i * rowHeight - box.clientHeight / 2;
      }
    }

    // Describes the items of a row near a time.
    function wordsOf(row, at, reach) {
      const lines = [];
      const near = row.operations.filter((operation) => Math.abs(operation.from - at) <= reach)
        .sort((a, b) => Math.abs(a.from - at) - Math.abs(b.from - at)).slice(0, 4)
        .sort((a, b) => a.from - b.from);
      for (const operation of near) {
        const who = operation.who ? operation.who + "  " : "";
        lines.push(inWords(operation.from) + "  " + who + operation.text);
      }
      for (const load of row.loads.filter((load) => load.from <= at && at <= load.to).slice(0, 3)) {
        lines.push("load of " + load.key + " by " + load.who + ", " + inWords(load.to - load.from) +
          (load.isStored ? "" : ", not stored"));
      }
      for (const event of row.cold.filter((event) => event.from <= at && at <= event.to).slice(0, 1)) {
        lines.push("cold" + (event.isMade ? " (by the tool)" : "") + ": " + event.requests +
          " requests, " + event.loads + " loads in " + inWords(event.to - event.from));
      }
      const faults = (series.faults || []).filter(([from, to]) => from - reach <= at && at <= to + reach);
      for (const [from, , text] of faults.slice(0, 3)) {
        lines.push(inWords(from) + "  injected fault  " + text);
      }
      return lines.length ? [row.label, ...lines].join("\n") : "";
    }

    // Shows words beside a place of the canvas.
    function showTip(words, x, y) {
      tip.hidden = !words;
      if (!words) return;
      tip.textContent = words;
      tip.style.left = Math.max(4, Math.min(x + 12, width - tip.offsetWidth - 4)) + "px";
      const below = y + 16 + tip.offsetHeight < canvas.clientHeight;
      tip.style.top = (below ? y + 14 : Math.max(y - tip.offsetHeight - 10, 0)) + "px";
    }

    const scrollTo = (row) => {
      const top = axisHeight + shownRows().indexOf(row) * rowHeight;
      if (top < box.scrollTop + axisHeight) box.scrollTop = top - axisHeight;
      else if (top + rowHeight > box.scrollTop + box.clientHeight) {
        box.scrollTop = top + rowHeight - box.clientHeight;
      }
    };

    const drawn = {
      draw, show, goTo, view, zoom, move, canvas, box, shownRows, place, time, wordsOf, showTip,
      scrollTo, rowHeight, axisHeight, labelHeight,
      width: () => width,
      end: series.end,
      groups: [...new Set(all.map((row) => row.group))],
      isShown: (group) => !hidden.has(group),
      toggle(group) {
        if (!hidden.delete(group)) hidden.add(group);
        if (view.row && hidden.has(view.row.group)) view.row = view.at = null;
        show(view.from, view.to, undefined);
      },
      go: {
        all: () => show(0, series.end, null),
        in: () => zoom(0.5), out: () => zoom(2), left: () => move(-0.5), right: () => move(0.5),
        previous: () => goCold(false), next: () => goCold(true),
      },
    };
    window.addEventListener("resize", draw);
    pointing.begin(drawn);
    typing.begin(drawn);
    return drawn;
  }

  return { begin };
})();
