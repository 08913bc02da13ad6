// SPDX-License-Identifier: MIT
// The rows of the timeline, one for each process and each key, and what is in them.
const rows = (() => {
  "use strict";
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
      if (operation.kind === "acquired") {
        if (open) all.push({ from: open.from, to: operation.from });
        open = operation;
      } else if (open && (operation.kind === "released" || operation.kind === "deleted")) {
        all.push({ from: open.from, to: operation.to });
        open = null;
      }
    }
    return all;
  }

  function of(series) {
    const blank = (label, group) =>
      ({ label, group, operations: [], loads: [], cold: [], holds: [], layers: 1 });
    const processes = series.processes.map((name) => blank(name, "processes"));
    const keys = series.keys.map((name, place) =>
      blank(name, { value: "values", lock: "locks" }[series.roles[place]] || "others"));
    for (const [from, to, process, key, kind, text] of series.operations) {
      const operation = { from, to, kind: marks.kinds[kind], text: series.texts[text] };
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

  // How far the nearest item is from [from, to]: 0 if one is inside, negative if it is earlier, and
  // null if there is none. With `direction` 1 or -1, only later or only earlier items count.
  function distance(all, from, to, direction) {
    let nearest = null;
    for (const row of all) {
      for (const items of [row.operations, row.loads, row.cold, row.holds]) {
        for (const item of items) {
          const by = item.from > to ? item.from - to : item.to < from ? item.to - from : 0;
          if (by === 0) return 0;
          if (direction && by * direction < 0) continue;
          if (nearest === null || Math.abs(by) < Math.abs(nearest)) nearest = by;
        }
      }
    }
    return nearest;
  }

  return { of, distance };
})();
