// What pages do in addition where scripts run. Every page is complete without it: what is used here
// is in the page already, hidden until it works.

const copy = document.querySelector("button.copy");
const pin = document.querySelector("a.pin");
// Browsers offer the clipboard to secure pages only.
if (copy && pin && navigator.clipboard) {
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(pin.href);
      copy.textContent = copy.dataset.done;
    } catch {
      // The visitor has forbidden it. At the link itself, the address bar has what was wanted.
      location.assign(pin.href);
    }
  });
}

const replay = document.querySelector(".replay");
const lane = document.querySelector("svg.lane");
if (replay && lane) {
  const slider = replay.querySelector("input");
  const said = replay.querySelector("output");
  const day = document.querySelector(".then-form input[type=date]");
  const [begin, end] = [lane.dataset.begin, lane.dataset.end].map(Date.parse);
  const [left, right] = [lane.dataset.left, lane.dataset.right].map(Number);
  const span = end - begin || 1;
  // This locale writes moments as the pages do: 2026-10-15 13:20.
  const written = new Intl.DateTimeFormat("sv-SE", {
    timeZone: lane.dataset.zone,
    dateStyle: "short",
    timeStyle: "short",
  });
  // Newest first, as in the table: of stays at the same moment, the latest counts.
  const stays = [...document.querySelectorAll("tr[data-since]")].map((row) => ({
    since: Date.parse(row.dataset.since),
    until: row.dataset.until ? Date.parse(row.dataset.until) : Infinity,
    label: row.dataset.stage,
  }));
  const events = [...document.querySelectorAll(".events tbody tr")].map((row) => ({
    row,
    at: Date.parse(row.querySelector("time").dateTime),
  }));
  const cursor = document.createElementNS("http://www.w3.org/2000/svg", "line");
  cursor.setAttribute("class", "cursor");
  cursor.setAttribute("y1", "0");
  cursor.setAttribute("y2", String(lane.viewBox.baseVal.height - 22));

  const show = (at) => {
    lane.append(cursor);
    const x = String(left + (right - left) * Math.min(Math.max((at - begin) / span, 0), 1));
    cursor.setAttribute("x1", x);
    cursor.setAttribute("x2", x);
    const stay = stays.find((one) => one.since <= at && at < one.until);
    const moment = written.format(at);
    said.textContent = stay ? `${moment} ${stay.label}` : moment;
    slider.setAttribute("aria-valuetext", said.textContent);
    day.value = moment.slice(0, 10);
    for (const { row, at: happened } of events) row.classList.toggle("later", happened > at);
  };
  slider.addEventListener("input", () => show(begin + span * (slider.value / slider.max)));
  replay.hidden = false;
  // The slider begins where the page is: at its end, or at the day in the address.
  if (replay.dataset.at) {
    const at = Date.parse(replay.dataset.at);
    slider.value = String(Math.round(((at - begin) / span) * slider.max));
    show(at);
  }
}
