// SPDX-License-Identifier: MIT
// The swim lanes have a row for each process and each key. They show a part of the run, which the
// user can move and zoom. Names reach the page only as text of a canvas or of an element.
const lanes = (() => {
  "use strict";
  const { colour, faded, inWords, tick } = page;
  const [hit, miss, store, acquired, refused, deleted, released, renewed] = [0, 1, 2, 3, 4, 5, 6, 7];
  const axisHeight = 22, labelHeight = 15, bandHeight = 24, rowGap = 5;
  const rowHeight = labelHeight + bandHeight + rowGap;
  const spanMin = 0.5; // ms
  const layersMax = 8;

  // Loads that run at the same time are drawn one below the other.
  function layered(loads) {
    const ends = [];
    for (const load of loads) {
      let layer = ends.findIndex((end) => end <= load.from);
      if (layer < 0 && ends.length < layersMax) layer = ends.push(0) - 1;
      if (layer < 0) layer = ends.indexOf(Math.min(...ends));
      ends[layer] = load.to;
      load.layer = layer;
    }
    return Math.max(ends.length, 1);
  }

  // A lock hold lasts from an acquisition to its release. If the next acquisition comes before a
  // release, the lease had ended.
  function holds(operations) {
    const all = [];
    let open = null;
    for (const operation of operations) {
      if (operation.kind === acquired) {
        if (open) all.push({ from: open.from, to: operation.from });
        open = operation;
      } else if (open && (operation.kind === released || operation.kind === deleted)) {
        all.push({ from: open.from, to: operation.to });
        open = null;
      }
    }
    return all;
  }

  function rowsOf(series) {
    const blank = (label, group) =>
      ({ label, group, operations: [], loads: [], cold: [], holds: [], layers: 1 });
    const processes = series.processes.map((name) => blank(name, "processes"));
    const keys = series.keys.map((name, place) =>
      blank(name, { value: "values", lock: "locks" }[series.roles[place]] || "others"));
    for (const [from, to, process, key, kind, text] of series.operations) {
      const operation = { from, to, kind, text: series.texts[text] };
      keys[key].operations.push({ ...operation, who: series.processes[process] });
      processes[process].operations.push(operation);
    }
    for (const [key, process, from, to, isStored] of series.loads) {
      const load = { from, to, isStored, key: series.keys[key], who: series.processes[process] };
      keys[key].loads.push(load);
      processes[process].loads.push({ ...load });
    }
    for (const [key, from, to, requests, loads, isMade] of series.cold) {
      keys[key].cold.push({ from, to, requests, loads, isMade });
    }
    for (const row of [...processes, ...keys]) {
      row.loads.sort((a, b) => a.from - b.from);
      row.layers = layered(row.loads);
      if (row.group === "locks") row.holds = holds(row.operations);
    }
    keys.forEach((row, place) => { row.key = place; });
    const order = { values: 0, locks: 1, others: 2 };
    keys.sort((a, b) => order[a.group] - order[b.group] || a.key - b.key);
    return [...processes, ...keys].filter((row) =>
      row.operations.length + row.loads.length + row.cold.length > 0);
  }

  function begin(series, box, onChange) {
    const canvas = box.querySelector("canvas");
    const tip = box.querySelector(".tip");
    const rows = rowsOf(series);
    const cold = series.cold.map((event) => event[1]).sort((a, b) => a - b);
    const hidden = new Set(["others"]);
    const view = { from: 0, to: series.end, marked: null };
    let width = 0;

    if (!rows.some((row) => !hidden.has(row.group))) hidden.clear();
    const shownRows = () => rows.filter((row) => !hidden.has(row.group));
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
      const middle = top + bandHeight / 2;
      const last = new Array(9).fill(-9);
      const circle = (x, kind) => {
        ctx.strokeStyle = colour(kind);
        ctx.fillStyle = colour("ground");
        ctx.beginPath();
        ctx.arc(x, middle, 3.5, 0, 7);
        ctx.fill();
        ctx.stroke();
      };
      const post = (x, kind, tall, wide) => {
        ctx.fillStyle = colour(kind);
        ctx.fillRect(x - wide / 2, middle - tall / 2, wide, tall);
      };
      ctx.lineWidth = 1.6;
      for (const operation of row.operations) {
        const x = place(operation.from);
        if (x < -5 || x > width + 5 || x - last[operation.kind] < 1.2) continue;
        last[operation.kind] = x;
        if (operation.kind === miss) circle(x, "miss");
        else if (operation.kind === refused) circle(x, "lock");
        else if (operation.kind === store) post(x, "store", 9, 7);
        else if (operation.kind === acquired) post(x, "lock", 16, 4);
        else if (operation.kind === released || operation.kind === renewed) post(x, "lock", 9, 3);
        else if (operation.kind === deleted) post(x, "bad", 16, 3);
        else post(x, operation.kind === hit ? "hit" : "faint", 8, 2);
      }
    }

    function drawRow(ctx, row, top) {
      const band = top + labelHeight;
      const isMarked = view.marked && view.marked.key !== undefined && view.marked.key === row.key;
      ctx.fillStyle = colour("card");
      ctx.fillRect(0, band, width, bandHeight);
      for (const event of row.cold) {
        const at = span(event.from, event.to, 2);
        if (!at) continue;
        ctx.fillStyle = faded(colour(event.isMade ? "made" : "accent"), 0.22);
        ctx.fillRect(at[0], band, at[1], bandHeight);
      }
      for (const hold of row.holds) {
        const at = span(hold.from, hold.to, 2);
        if (!at) continue;
        ctx.fillStyle = faded(colour("lock"), 0.32);
        ctx.fillRect(at[0], band + 4, at[1], bandHeight - 8);
      }
      const thick = (bandHeight - 2) / row.layers;
      for (const load of row.loads) {
        const at = span(load.from, load.to, 2);
        if (!at) continue;
        const bar = [at[0], band + 1 + load.layer * thick, at[1], Math.max(thick - 1, 1.5)];
        ctx.fillStyle = faded(colour("load"), load.isStored ? 0.62 : 0.15);
        ctx.fillRect(...bar);
        if (load.isStored) continue;
        ctx.strokeStyle = colour("load");
        ctx.lineWidth = 1;
        ctx.setLineDash([3, 2]);
        ctx.strokeRect(...bar);
        ctx.setLineDash([]);
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
        ctx.fillStyle = faded(colour("bad"), at[1] > 1 ? 0.18 : 0.7);
        ctx.fillRect(at[0], axisHeight - 6, at[1], height - axisHeight + 6);
      }
    }

    function draw() {
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
      if (view.marked) {
        const at = span(view.marked.from, view.marked.to, 2);
        if (at) {
          ctx.strokeStyle = colour("accent");
          ctx.lineWidth = 2;
          ctx.strokeRect(at[0] - 3, axisHeight - 2, at[1] + 6, height - axisHeight);
        }
      }
    }

    function show(from, to, marked) {
      const length = Math.min(Math.max(to - from, spanMin), series.end);
      const middle = (from + to) / 2;
      view.from = Math.min(Math.max(middle - length / 2, 0), series.end - length);
      view.to = view.from + length;
      if (marked !== undefined) view.marked = marked;
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
      show(view.from + step, view.to + step);
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
        const row = rows.find((row) => row.key === evidence.key);
        if (row) hidden.delete(row.group);
      }
      show(evidence.from - 0.25 * length, evidence.to + 0.25 * length, evidence);
      const i = shownRows().findIndex((row) => row.key === evidence.key);
      if (evidence.key !== undefined && i >= 0) {
        box.scrollTop = axisHeight + i * rowHeight - box.clientHeight / 2;
      }
    }

    // Describes the items under the pointer.
    function wordsAt(x, y) {
      const row = shownRows()[Math.floor((y - axisHeight) / rowHeight)];
      if (!row || y < axisHeight) return "";
      const at = time(x), reach = 6 * (view.to - view.from) / width;
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

    function showTip(event) {
      const edge = canvas.getBoundingClientRect();
      const x = event.clientX - edge.left, y = event.clientY - edge.top;
      const words = wordsAt(x, y);
      tip.hidden = !words;
      if (!words) return;
      tip.textContent = words;
      tip.style.left = Math.max(4, Math.min(x + 12, width - tip.offsetWidth - 4)) + "px";
      const below = y + 16 + tip.offsetHeight < canvas.clientHeight;
      tip.style.top = (below ? y + 14 : Math.max(y - tip.offsetHeight - 10, 0)) + "px";
    }

    let drag = null;
    canvas.addEventListener("pointerdown", (event) => {
      drag = { x: event.clientX, from: view.from, to: view.to };
      canvas.setPointerCapture(event.pointerId);
      showTip(event);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!drag) {
        showTip(event);
        return;
      }
      const by = (drag.x - event.clientX) / width * (drag.to - drag.from);
      if (Math.abs(drag.x - event.clientX) < 3) return;
      box.classList.add("dragged");
      tip.hidden = true;
      show(drag.from + by, drag.to + by);
    });
    for (const end of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(end, () => {
        drag = null;
        box.classList.remove("dragged");
      });
    }
    canvas.addEventListener("pointerleave", () => { if (!drag) tip.hidden = true; });
    canvas.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return; // a plain wheel scrolls the page
      event.preventDefault();
      zoom(event.deltaY > 0 ? 1.25 : 0.8, time(event.clientX - canvas.getBoundingClientRect().left));
    }, { passive: false });
    const byKey = { ArrowLeft: () => move(-0.25), ArrowRight: () => move(0.25),
      "+": () => zoom(0.5), "-": () => zoom(2) };
    box.addEventListener("keydown", (event) => {
      const act = byKey[event.key];
      if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      act();
    });
    window.addEventListener("resize", draw);

    return {
      draw, show, goTo, view,
      groups: [...new Set(rows.map((row) => row.group))],
      isShown: (group) => !hidden.has(group),
      toggle(group) {
        if (!hidden.delete(group)) hidden.add(group);
        draw();
      },
      go: {
        all: () => show(0, series.end, null),
        in: () => zoom(0.5), out: () => zoom(2), left: () => move(-0.5), right: () => move(0.5),
        previous: () => goCold(false), next: () => goCold(true),
      },
    };
  }

  return { begin };
})();
