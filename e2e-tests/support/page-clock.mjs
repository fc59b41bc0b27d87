// The page's own clocks in a test's hand.

export const MINUTE = 60_000;

// The page's clocks go on, and its timers do not.
export const goesOn = (page, milliseconds, clock = "both") =>
  page.evaluate(([more, which]) => {
    const [wall, steady] = [Date.now.bind(Date), performance.now.bind(performance)];
    if (which !== "steady") Date.now = () => wall() + more;
    if (which !== "wall") performance.now = () => steady() + more;
  }, [milliseconds, clock]);

// The page looks at its clocks, and nobody did anything.
export const looks = (page) => page.evaluate(() => document.dispatchEvent(new Event("visibilitychange", { bubbles: true })));
