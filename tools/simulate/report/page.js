// SPDX-License-Identifier: MIT
// Draws the charts of a simulation's page and handles clicks. Names and texts of the simulation
// appear only as text in the labels of charts, never as markup.
(() => {
  "use strict";
  const { colour, faded, inWords, tick, tooltip } = page;
  const rounds = JSON.parse(document.getElementById("series").textContent).rounds;
  const axisWidth = 52; // the same for both charts of a strategy, which share one time axis
  let charts = [];

  function timeAxis(end, isShown) {
    return {
      type: "linear", min: 0, max: end,
      grid: { color: colour("line"), drawTicks: isShown, drawBorder: false },
      ticks: { display: isShown, color: colour("faint"), maxRotation: 0, maxTicksLimit: 8,
        includeBounds: false, callback: tick },
    };
  }

  function countAxis(extra) {
    return Object.assign({
      beginAtZero: true, afterFit: (axis) => { axis.width = axisWidth; },
      grid: { color: colour("line") },
      ticks: { color: colour("faint"), precision: 0, maxTicksLimit: 5 },
    }, extra);
  }

  // A vertical line at each marker. The marker's text is drawn if there is room and it differs from
  // the last text drawn.
  function markersOf(markers, withWords) {
    const line = (ctx, area, at, kind) => {
      ctx.strokeStyle = colour(kind);
      ctx.lineWidth = 1.5;
      ctx.setLineDash([5, 4]);
      ctx.beginPath();
      ctx.moveTo(at, area.top);
      ctx.lineTo(at, area.bottom);
      ctx.stroke();
    };
    const words = (ctx, left, top, width, text, kind) => {
      ctx.fillStyle = faded(colour("card"), 0.85);
      ctx.fillRect(left - 3, top - 2, width + 6, 16);
      ctx.fillStyle = colour(kind);
      ctx.fillText(text, left, top + 1);
    };
    return {
      id: "markers",
      afterDatasetsDraw(chart) {
        const { ctx, chartArea: area, scales: { x } } = chart;
        const places = markers.map((marker) =>
          Math.min(Math.max(x.getPixelForValue(marker.at), area.left + 1), area.right - 1));
        ctx.save();
        ctx.font = "600 11px system-ui, sans-serif";
        ctx.textBaseline = "top";
        markers.forEach((marker, place) => line(ctx, area, places[place], marker.kind));
        let free = area.left;
        let last = "";
        markers.forEach((marker, place) => {
          const text = marker.text.length > 40 ? marker.text.slice(0, 39) + "…" : marker.text;
          const width = ctx.measureText(text).width;
          const at = places[place];
          const left = at + 5 + width > area.right ? at - 5 - width : at + 5;
          if (!withWords || left < free || text === last) return;
          words(ctx, left, area.top + 4, width, text, marker.kind);
          free = left + width + 8;
          last = text;
        });
        ctx.restore();
      },
    };
  }

  // Keeps the edges of both charts of a strategy aligned, regardless of their labels.
  const layout = { autoPadding: false, padding: { top: 8, right: 16 } };

  function drawActivity(canvas, round, strategy) {
    const points = strategy.activity.concat(
      strategy.activity.length ? [[strategy.end, ...strategy.activity.at(-1).slice(1)],
        [strategy.end, 0, 0, strategy.activity.at(-1)[3]]] : []);
    const band = (label, place, name, share) => ({
      label, data: points.map((point) => ({ x: point[0], y: point[place] })), stepped: true,
      fill: "origin", borderColor: colour(name), backgroundColor: faded(colour(name), share),
      borderWidth: 1.5, pointRadius: 0, pointHitRadius: 0,
    });
    const datasets = [band("queries running", 2, "running", 0.8),
      band("callers waiting", 1, "waiting", 0.28)];
    if (strategy.activity.some((point) => point[3] > 0)) {
      datasets.unshift({ ...band("calls refused so far", 3, "fault", 0), fill: false });
    }
    return new Chart(canvas, {
      type: "line",
      data: { datasets },
      options: {
        animation: false, maintainAspectRatio: false, layout,
        interaction: { mode: "index", intersect: false, axis: "x" },
        scales: { x: timeAxis(round.end, false), y: countAxis({ suggestedMax: round.full }) },
        plugins: { legend: { display: false }, tooltip: tooltip({
          title: (items) => "after " + inWords(items[0].parsed.x),
          label: (item) => item.formattedValue + " " + item.dataset.label,
        }) },
      },
      plugins: [markersOf(strategy.markers, true)],
    });
  }

  function drawLoads(canvas, round, strategy) {
    const loads = strategy.loads;
    const tall = Math.min(9, Math.max(3.4, 2.6 + loads.length * 0.55));
    canvas.parentElement.style.setProperty("--tall", tall + "rem");
    return new Chart(canvas, {
      type: "bar",
      data: {
        labels: loads.map((_, place) => place + 1),
        datasets: [{
          label: "load", data: loads.map((load) => [load[0], load[1]]), borderSkipped: false,
          backgroundColor: loads.map((load) =>
            load[2] ? colour("running") : faded(colour("cut"), 0.25)),
          borderColor: loads.map((load) => colour(load[2] ? "running" : "cut")),
          borderWidth: loads.map((load) => (load[2] ? 0 : 1)), borderRadius: loads.length < 15 ? 3 : 0,
          barPercentage: 1, categoryPercentage: loads.length < 60 ? 0.8 : 1, maxBarThickness: 16,
          minBarLength: 2,
        }],
      },
      options: {
        indexAxis: "y", animation: false, maintainAspectRatio: false, layout,
        interaction: { mode: "nearest", intersect: false, axis: "y" },
        scales: { x: timeAxis(round.end, true),
          y: countAxis({ grid: { display: false }, ticks: { display: false } }) },
        plugins: { legend: { display: false }, tooltip: tooltip({
          title: (items) => "load " + items[0].label,
          label: (item) => {
            const [begun, ended, isEnded] = loads[item.dataIndex];
            return inWords(begun) + " to " + inWords(ended) +
              (isEnded ? "" : ": its process was killed, it never ended");
          },
        }) },
      },
      plugins: [markersOf(strategy.markers, false)],
    });
  }

  function drawWaits(canvas, round) {
    const shortest = 0.05; // shorter waits are shown as this, because zero has no logarithm
    const all = round.strategies.flatMap((strategy) => strategy.waits.map((point) => point[0]));
    const isWide = Math.max(...all, 1) > 30 * Math.max(Math.min(...all), shortest);
    return new Chart(canvas, {
      type: "line",
      data: { datasets: round.strategies.map((strategy, place) => ({
        label: strategy.title, borderColor: colour("series-" + (place % 8)), borderWidth: 2.5,
        backgroundColor: colour("series-" + (place % 8)), pointRadius: 0, pointHitRadius: 8,
        stepped: true, borderDash: place % 2 ? [] : [9, 3],
        data: strategy.waits.length ? [{ x: Math.max(strategy.waits[0][0], shortest), y: 0 }].concat(
          strategy.waits.map((point) => ({ x: Math.max(point[0], shortest), y: point[1] }))) : [],
      })) },
      options: {
        animation: false, maintainAspectRatio: false,
        interaction: { mode: "nearest", intersect: false, axis: "xy" },
        scales: {
          x: { type: isWide ? "logarithmic" : "linear", beginAtZero: !isWide, grid: { color: colour("line") },
            ticks: { color: colour("faint"), maxRotation: 0, autoSkipPadding: 18,
              callback: (value) => (!isWide || /^[125]/.test((+value).toExponential())
                ? tick(value) : null) } },
          y: { min: 0, max: 100, grid: { color: colour("line") },
            afterFit: (axis) => { axis.width = axisWidth; },
            ticks: { color: colour("faint"), stepSize: 25, callback: (value) => value + " %" } },
        },
        plugins: { legend: { display: false }, tooltip: tooltip({
          title: () => "",
          label: (item) => item.dataset.label + ": " + item.parsed.y.toFixed(1) +
            " % back within " + inWords(item.parsed.x),
        }) },
      },
    });
  }

  const draw = { activity: drawActivity, loads: drawLoads, waits: drawWaits };

  const isShown = (key) => key.getAttribute("aria-pressed") === "true";

  function drawAll() {
    for (const chart of charts) chart.destroy();
    charts = [];
    for (const canvas of document.querySelectorAll("canvas[data-chart]")) {
      const round = rounds[canvas.dataset.round];
      const strategy = round.strategies[canvas.dataset.strategy];
      charts.push(draw[canvas.dataset.chart](canvas, round, strategy));
    }
    document.querySelectorAll(".key").forEach(apply);
  }

  // Shows or hides the line and the timeline of the key's strategy.
  function apply(key) {
    const { round, strategy } = key.dataset;
    const canvas = document.querySelector(`canvas[data-chart="waits"][data-round="${round}"]`);
    const chart = Chart.getChart(canvas);
    chart.setDatasetVisibility(+strategy, isShown(key));
    chart.update("none");
    document.getElementById(`r${round}s${strategy}`).hidden = !isShown(key);
  }

  for (const key of document.querySelectorAll(".key")) {
    key.addEventListener("click", () => {
      key.setAttribute("aria-pressed", String(!isShown(key)));
      apply(key);
    });
  }

  // A click on a strategy's name goes to its timeline, and shows the timeline if it was hidden.
  for (const link of document.querySelectorAll(".tile, tbody th a")) {
    link.addEventListener("click", () => {
      const card = document.querySelector(link.getAttribute("href"));
      const [, round, strategy] = card.id.match(/^r(\d+)s(\d+)$/);
      const key = document.querySelector(
        `.key[data-round="${round}"][data-strategy="${strategy}"]`);
      if (!isShown(key)) key.click();
      document.querySelectorAll(".shown").forEach((shown) => shown.classList.remove("shown"));
      card.classList.add("shown");
      card.focus({ preventScroll: true });
    });
  }

  page.copies(document.getElementById("copy"), document.getElementById("command"));
  drawAll();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  document.documentElement.dataset.drawn = String(charts.length);
})();
