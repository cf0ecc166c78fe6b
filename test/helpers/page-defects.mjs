// Runs inside a page, and gives what is wrong with how it looks, in words: what does not fit, covers something else, or
// can hardly be read. One expression, whose value is asked for.

(() => {
  const CONTRAST_MIN = 4.5;
  const SLACK = 0.75;
  const found = [];

  const isShown = (element) => element.getClientRects().length > 0;
  const quoted = (element) => JSON.stringify(element.textContent.trim().slice(0, 40));

  // What is folded has to look as well when somebody opens it.
  const folded = [...document.querySelectorAll("details:not([open])")];
  for (const each of folded) each.open = true;

  const overflow = document.documentElement.scrollWidth - window.innerWidth;
  if (overflow > 0) {
    const wide = [...document.querySelectorAll("body *")].find(
      (each) => isShown(each) && each.getBoundingClientRect().right > window.innerWidth + 1,
    );
    found.push(`${overflow} px too wide: ${wide?.tagName} ${wide ? quoted(wide) : ""}`);
  }

  const badge = document.querySelector(".badge");
  if (!badge || badge.getBoundingClientRect().bottom > window.innerHeight) {
    found.push("the verdict is not to be seen without scrolling");
  }

  function colour(text) {
    const [red, green, blue, alpha = 1] = (text.match(/[\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
    return { red, green, blue, alpha };
  }
  function over(top, below) {
    const mix = (of) => top[of] * top.alpha + below[of] * (1 - top.alpha);
    return { red: mix("red"), green: mix("green"), blue: mix("blue"), alpha: 1 };
  }
  function luminance({ red, green, blue }) {
    const linear = (value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    };
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  }
  function contrast(one, other) {
    const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  }
  /** What lies behind an element of HTML. */
  function behind(element) {
    const layers = [];
    for (let each = element; each; each = each.parentElement) {
      layers.push(colour(getComputedStyle(each).backgroundColor));
    }
    return layers.reverse().reduce((below, top) => over(top, below), colour("rgb(255, 255, 255)"));
  }
  function see(element, text, background) {
    const ratio = contrast(over(text, background), background);
    if (ratio < CONTRAST_MIN)
      found.push(`${quoted(element)} has a contrast of ${ratio.toFixed(2)}`);
  }

  for (const element of document.querySelectorAll("main, main *:not(svg *)")) {
    const hasText = [...element.childNodes].some(
      (node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim() !== "",
    );
    if (hasText && isShown(element)) {
      see(element, colour(getComputedStyle(element).color), behind(element));
    }
  }

  const contains = (box, x, y) =>
    x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height;
  const overlap = (a, b) =>
    a.x + a.width - SLACK > b.x &&
    b.x + b.width - SLACK > a.x &&
    a.y + a.height - SLACK > b.y &&
    b.y + b.height - SLACK > a.y;

  for (const svg of document.querySelectorAll("svg")) {
    if (!isShown(svg)) continue;
    const frame = svg.viewBox.baseVal;
    const texts = [...svg.querySelectorAll("text")].map((text) => ({ text, box: text.getBBox() }));
    const fills = [...svg.querySelectorAll("rect")].map((rect) => ({ rect, box: rect.getBBox() }));
    for (const [at, { text, box }] of texts.entries()) {
      const isOut =
        box.x < -SLACK ||
        box.y < -SLACK ||
        box.x + box.width > frame.width + SLACK ||
        box.y + box.height > frame.height + SLACK;
      if (isOut) found.push(`${quoted(text)} is outside its drawing`);
      for (const other of texts.slice(at + 1)) {
        if (overlap(box, other.box)) found.push(`${quoted(text)} covers ${quoted(other.text)}`);
      }
      const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
      const below = fills
        .filter((fill) => contains(fill.box, x, y))
        .map(({ rect }) => {
          const { fill, opacity } = getComputedStyle(rect);
          return { ...colour(fill), alpha: Number(opacity) };
        })
        .reduce((under, top) => over(top, under), behind(svg));
      see(text, colour(getComputedStyle(text).fill), below);
    }
  }
  for (const each of folded) each.open = false;
  return [...new Set(found)];
})();
