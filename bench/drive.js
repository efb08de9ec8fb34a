// Goes into each page before its own scripts: counts frames and what scripts spend in them, and moves the view with one
// wheel event a frame, as a hand would. The same for every page that is measured.
(() => {
  const ask = window.requestAnimationFrame.bind(window);
  let spent = 0;
  window.requestAnimationFrame = (callback) => ask((now) => {
    const began = performance.now();
    try {
      callback(now);
    } finally {
      spent += performance.now() - began;
    }
  });

  const STEPS = [
    [40, { deltaY: -25, ctrlKey: true }], [100, { deltaX: 40 }], [40, { deltaY: -25, ctrlKey: true }], [100, { deltaX: -40 }],
    [80, { deltaY: 25, ctrlKey: true }], [40, { deltaY: 60 }], [40, { deltaX: 40, deltaY: 0 }], [40, { deltaY: -60 }],
  ];

  window.bench = {
    /** Resolves with the time between frames and that in scripts, ms, while the view at this point of the page moves. */
    move: (x, y) => new Promise((resolve) => {
      const frames = [], scripts = [];
      const wheel = function* () {
        for (const [times, way] of STEPS) for (let i = 0; i < times; i++) yield way;
      }();
      const target = document.elementFromPoint(x, y);
      let before = 0;
      const frame = (now) => {
        if (before) {
          frames.push(now - before);
          scripts.push(spent);
        }
        [before, spent] = [now, 0];
        const { value, done } = wheel.next();
        if (done) return resolve({ frames, scripts });
        const began = performance.now();
        target.dispatchEvent(new WheelEvent("wheel", { ...value, clientX: x, clientY: y, bubbles: true, cancelable: true }));
        spent += performance.now() - began;
        ask(frame);
      };
      ask(frame);
    }),
    /** Resolves with the time between frames, ms, for so long. */
    watch: (ms) => new Promise((resolve) => {
      const frames = [], scripts = [];
      let before = 0, end = 0;
      const frame = (now) => {
        if (before) {
          frames.push(now - before);
          scripts.push(spent);
        }
        [before, spent] = [now, 0];
        end ||= now + ms;
        if (now < end) ask(frame);
        else resolve({ frames, scripts });
      };
      ask(frame);
    }),
  };
})();
