// SPDX-License-Identifier: MIT
// Draws the page of an audit and handles clicks.
(() => {
  "use strict";
  const { colour, faded, inWords, tooltip } = page;
  const series = JSON.parse(document.getElementById("series").textContent);
  const box = document.getElementById("lanes");
  const caption = document.getElementById("caption");
  let chart = null;
  let drawn = null;

  for (const button of document.querySelectorAll(".copy")) {
    page.copies(button, document.getElementById(button.dataset.of));
  }

  function showCard(place) {
    const card = document.getElementById("f" + place);
    document.querySelectorAll(".shown").forEach((card) => card.classList.remove("shown"));
    card.classList.add("shown");
    card.focus({ preventScroll: true });
  }

  // Marks the visible part of the run, and the moments at which keys became cold.
  const coldMarks = {
    id: "coldMarks",
    afterDatasetsDraw(of) {
      const { ctx, chartArea: area, scales: { x } } = of;
      const at = (ms) => Math.min(Math.max(x.getPixelForValue(ms / 1000), area.left), area.right);
      ctx.save();
      ctx.fillStyle = colour("accent");
      for (const [, from, , , , isMade] of series.cold) {
        const left = at(from);
        ctx.fillStyle = colour(isMade ? "made" : "accent");
        ctx.strokeStyle = ctx.fillStyle;
        ctx.beginPath();
        ctx.moveTo(left - 4, area.top);
        ctx.lineTo(left + 4, area.top);
        ctx.lineTo(left, area.top + 7);
        ctx.closePath();
        if (isMade) ctx.stroke();
        else ctx.fill();
      }
      const left = at(drawn.view.from), right = at(drawn.view.to);
      if (right - left < area.right - area.left - 1) {
        ctx.fillStyle = faded(colour("accent"), 0.14);
        ctx.fillRect(left, area.top, Math.max(right - left, 2), area.bottom - area.top);
        ctx.strokeStyle = colour("accent");
        ctx.strokeRect(left, area.top, Math.max(right - left, 2), area.bottom - area.top);
      }
      ctx.restore();
    },
  };

  function drawSeconds() {
    if (chart) chart.destroy();
    const canvas = document.getElementById("seconds");
    const bars = (label, numbers, name, stack, hatching) => ({
      label, data: numbers.map((y, i) => ({ x: (i + 0.5) * series.step, y })), stack,
      backgroundColor: hatching ? marks.hatched(canvas.getContext("2d"), name, hatching)
        : faded(colour(name), 0.9),
      borderColor: colour(name), borderWidth: 1, barPercentage: 1, categoryPercentage: 0.9,
      grouped: false,
    });
    const seconds =
      Math.max(series.wire.length, series.refreshes.length, series.origin.length) * series.step;
    const sets = [bars("loads seen on the wire", series.wire, "load", "wire")];
    if (series.refreshes.length) {
      sets.push(bars("refreshes", series.refreshes, "store", "wire", "-"));
    }
    if (series.origin.length) {
      sets.push(bars("counted by the origin", series.origin, "made", "origin", "/"));
    }
    chart = new Chart(canvas, {
      type: "bar",
      data: { datasets: sets },
      options: {
        animation: false, maintainAspectRatio: false, parsing: true,
        interaction: { mode: "nearest", intersect: false, axis: "x" },
        onClick: (event) => {
          const at = 1000 * chart.scales.x.getValueForPixel(event.x);
          const half = Math.min((drawn.view.to - drawn.view.from) / 2, 1000 * series.step);
          drawn.show(at - half, at + half, null);
        },
        scales: {
          x: { type: "linear", offset: false, min: 0, stacked: true,
            max: Math.max(series.end / 1000, seconds), grid: { display: false },
            ticks: { color: colour("faint"), maxRotation: 0, maxTicksLimit: 8, includeBounds: false,
              callback: (value) => value + " s" } },
          y: { beginAtZero: true, stacked: true, grid: { color: colour("line") }, grace: "12%",
            ticks: { color: colour("faint"), precision: 0, maxTicksLimit: 4 } },
        },
        plugins: { legend: { display: sets.length > 1, align: "end",
          labels: { color: colour("faint"), boxWidth: 12 } },
        tooltip: tooltip({
          title: (items) => "second " + Math.floor(items[0].parsed.x),
          label: (item) => item.formattedValue + " " + item.dataset.label,
        }) },
      },
      plugins: [coldMarks],
    });
  }

  function say(view) {
    const part = inWords(view.from) + " to " + inWords(view.to);
    caption.textContent = view.marked ? part + ": " + view.marked.title + ", " + view.marked.summary
      : part + (view.from <= 0 && view.to >= series.end ? ": the whole run" : "");
    if (chart) chart.draw();
  }

  function evidenceOf(finding, place) {
    const shown = series.findings[finding];
    const evidence = shown && shown.evidence[place];
    return evidence && { ...evidence, title: shown.title };
  }

  function addGroups() {
    const place = document.getElementById("groups");
    for (const group of drawn.groups) {
      const key = document.createElement("button");
      key.type = "button";
      key.textContent = group;
      key.dataset.group = group;
      place.append(key);
      key.addEventListener("click", () => {
        drawn.toggle(group);
        showGroups();
      });
    }
    showGroups();
  }

  function showGroups() {
    for (const key of document.querySelectorAll("[data-group]")) {
      key.setAttribute("aria-pressed", String(drawn.isShown(key.dataset.group)));
    }
  }

  function begin() {
    drawn = lanes.begin(series, box, say);
    addGroups();
    for (const button of document.querySelectorAll("[data-go]")) {
      button.addEventListener("click", () => drawn.go[button.dataset.go]());
    }
    const first = evidenceOf(0, 0);
    drawSeconds();
    drawn.go.all();
    if (first) drawn.goTo(first);
    else if (series.end > 5000) drawn.go.next();
    showGroups();
    const drawSamples = () => document.querySelectorAll("canvas.sample").forEach(marks.sample);
    drawSamples();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      drawn.draw();
      drawSeconds();
      drawSamples();
    });
  }

  if (box) begin();

  // A click on the name of a finding scrolls to its text and moves the timeline to its first
  // evidence.
  for (const link of document.querySelectorAll("a[data-finding]")) {
    link.addEventListener("click", () => {
      const evidence = evidenceOf(+link.dataset.finding, 0);
      if (drawn && evidence) drawn.goTo(evidence);
      showGroups();
      showCard(link.dataset.finding);
    });
  }

  for (const button of document.querySelectorAll(".jump")) {
    button.hidden = !drawn;
    button.addEventListener("click", () => {
      drawn.goTo(evidenceOf(+button.dataset.finding, +button.dataset.evidence));
      showGroups();
      box.scrollIntoView({ block: "center" });
      box.focus({ preventScroll: true });
    });
  }

  document.documentElement.dataset.drawn = drawn ? "2" : "0";
})();
