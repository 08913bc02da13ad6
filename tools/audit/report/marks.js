// SPDX-License-Identifier: MIT
// The marks of the timeline and of its legend. Each differs from all others in shape or in
// hatching, not only in colour.
const marks = (() => {
  "use strict";
  const { colour, faded } = page;
  // The order of `run_timeline::operation_kind`.
  const kinds = ["hit", "miss", "store", "acquired", "refused", "deleted", "released", "renewed",
    "other"];

  function path(ctx, points) {
    ctx.beginPath();
    points.forEach(([x, y], i) => (i ? ctx.lineTo(x, y) : ctx.moveTo(x, y)));
    ctx.closePath();
  }

  // Draws the mark of an operation around a point.
  const shapes = {
    hit(ctx, x, y) {
      ctx.fillStyle = colour("hit");
      ctx.fillRect(x - 1, y - 4, 2, 8);
    },
    other(ctx, x, y) {
      ctx.fillStyle = colour("faint");
      ctx.fillRect(x - 1, y - 1, 3, 3);
    },
    miss(ctx, x, y) {
      ctx.strokeStyle = colour("miss");
      ctx.fillStyle = colour("ground");
      ctx.beginPath();
      ctx.arc(x, y, 3.5, 0, 7);
      ctx.fill();
      ctx.stroke();
    },
    store(ctx, x, y) {
      ctx.fillStyle = colour("store");
      ctx.fillRect(x - 3.5, y - 4.5, 7, 9);
    },
    acquired(ctx, x, y) {
      ctx.fillStyle = colour("lock");
      path(ctx, [[x - 2, y - 8], [x + 6, y], [x - 2, y + 8]]);
      ctx.fill();
    },
    released(ctx, x, y) {
      ctx.fillStyle = colour("lock");
      path(ctx, [[x + 2, y - 6], [x - 5, y], [x + 2, y + 6]]);
      ctx.fill();
    },
    renewed(ctx, x, y) {
      ctx.strokeStyle = colour("lock");
      ctx.fillStyle = colour("ground");
      path(ctx, [[x, y - 6], [x + 4, y], [x, y + 6], [x - 4, y]]);
      ctx.fill();
      ctx.stroke();
    },
    refused(ctx, x, y) {
      ctx.strokeStyle = colour("lock");
      ctx.beginPath();
      ctx.moveTo(x - 4, y - 4);
      ctx.lineTo(x + 4, y + 4);
      ctx.moveTo(x + 4, y - 4);
      ctx.lineTo(x - 4, y + 4);
      ctx.stroke();
    },
    deleted(ctx, x, y) {
      ctx.fillStyle = colour("bad");
      ctx.fillRect(x - 1, y - 9, 2, 18);
      ctx.fillRect(x - 4, y - 9, 8, 2.5);
      ctx.fillRect(x - 4, y + 6.5, 8, 2.5);
    },
  };

  // Lines in one direction over a bar: "/" rising, "|" upright, "-" flat.
  function hatch(ctx, name, direction, [x, y, wide, high], gap) {
    ctx.save();
    ctx.beginPath();
    ctx.rect(x, y, wide, high);
    ctx.clip();
    ctx.strokeStyle = colour(name);
    ctx.lineWidth = 1;
    ctx.beginPath();
    // The lines stay where they are when the bar begins outside the visible part.
    if (direction === "-") {
      for (let at = y + gap / 2; at < y + high; at += gap) {
        ctx.moveTo(x, at);
        ctx.lineTo(x + wide, at);
      }
    } else {
      const slant = direction === "/" ? high : 0;
      for (let at = Math.floor(x / gap) * gap; at < x + wide + slant; at += gap) {
        ctx.moveTo(at, y);
        ctx.lineTo(at - slant, y + high);
      }
    }
    ctx.stroke();
    ctx.restore();
  }

  function wash(ctx, name, share, bar) {
    ctx.fillStyle = faded(colour(name), share);
    ctx.fillRect(...bar);
  }

  // Draw bars, given as [x, y, width, height].
  const bars = {
    cold: (ctx, bar) => wash(ctx, "accent", 0.22, bar),
    made(ctx, bar) {
      wash(ctx, "made", 0.16, bar);
      hatch(ctx, "made", "/", bar, 7);
    },
    held(ctx, bar) {
      wash(ctx, "lock", 0.2, bar);
      hatch(ctx, "lock", "-", bar, 4);
    },
    load(ctx, bar) {
      wash(ctx, "load", 0.75, bar);
      ctx.strokeStyle = colour("load");
      ctx.lineWidth = 1;
      ctx.strokeRect(...bar);
    },
    unstored(ctx, bar) {
      wash(ctx, "load", 0.12, bar);
      ctx.strokeStyle = colour("load");
      ctx.lineWidth = 1;
      ctx.setLineDash([3, 2]);
      ctx.strokeRect(...bar);
      ctx.setLineDash([]);
    },
    injected(ctx, [x, y, wide, high]) {
      if (wide > 1) wash(ctx, "bad", 0.14, [x, y, wide, high]);
      ctx.strokeStyle = colour("bad");
      ctx.lineWidth = 1.2;
      ctx.setLineDash([5, 3]);
      ctx.beginPath();
      ctx.moveTo(x + 0.5, y);
      ctx.lineTo(x + 0.5, y + high);
      ctx.stroke();
      ctx.setLineDash([]);
    },
  };

  // A hatched fill for the bars of a chart.
  function hatched(ctx, name, direction) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 6;
    const on = tile.getContext("2d");
    on.fillStyle = faded(colour(name), 0.2);
    on.fillRect(0, 0, 6, 6);
    on.strokeStyle = colour(name);
    on.lineWidth = 1.4;
    on.beginPath();
    if (direction === "-") {
      on.moveTo(0, 3);
      on.lineTo(6, 3);
    } else {
      for (const shift of [-6, 0, 6]) {
        on.moveTo(shift, 6);
        on.lineTo(shift + 6, 0);
      }
    }
    on.stroke();
    return ctx.createPattern(tile, "repeat");
  }

  // Draws one entry of the legend.
  function sample(canvas) {
    const wide = 26, high = 20, density = Math.min(window.devicePixelRatio || 1, 2);
    canvas.width = wide * density;
    canvas.height = high * density;
    const ctx = canvas.getContext("2d");
    ctx.setTransform(density, 0, 0, density, 0, 0);
    ctx.lineWidth = 1.6;
    const kind = canvas.dataset.kind;
    if (shapes[kind]) shapes[kind](ctx, wide / 2, high / 2);
    else bars[kind](ctx, kind === "injected" ? [wide / 2, 0, 1, high] : [1, 2, wide - 2, high - 4]);
  }

  return { kinds, shapes, bars, hatched, sample };
})();
