"use strict";
// Sorts, filters, opens films and turns pages. Everything is there to be read without it.
(() => {
  const cell = (row, at) => row.cells[at];
  const text = (row, at) => cell(row, at).textContent.trim();
  const number = (row, at) => {
    const value = cell(row, at).dataset.sort;
    return value === undefined || value === "" ? null : Number(value);
  };

  // What has no number stays last in both directions; equal rows keep the order in which the page brought them.
  const order = (rows, at, numeric, sign) => rows
    .map((row) => ({ row, value: numeric ? number(row, at) : text(row, at) }))
    .sort((a, b) => {
      if (a.value === null || b.value === null) return (a.value === null) - (b.value === null) || a.row.place - b.row.place;
      const difference = numeric ? a.value - b.value : a.value.localeCompare(b.value, "en", { numeric: true });
      return sign * difference || a.row.place - b.row.place;
    })
    .map(({ row }) => row);

  const sortable = (table) => {
    const body = table.tBodies[0];
    [...body.rows].forEach((row, place) => { row.place = place; });
    for (const head of table.tHead.rows[0].cells) {
      if (!head.dataset.kind) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const now = head.getAttribute("aria-sort");
        const other = { ascending: "descending", descending: "ascending" };
        const next = other[now] || head.dataset.first;
        for (const each of table.tHead.rows[0].cells) each.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", next);
        const numeric = head.dataset.kind === "number";
        body.append(...order([...body.rows], head.cellIndex, numeric, next === "ascending" ? 1 : -1));
      });
    }
  };

  // What is only there to be heard is not what one looks for; words of two cells are not one word.
  const seen = (row) => {
    const copy = row.cloneNode(true);
    for (const each of copy.querySelectorAll(".hidden")) each.remove();
    return [...copy.cells].map((each) => each.textContent).join("\n").toLowerCase();
  };

  const filterable = (box) => {
    const rows = [...document.getElementById(box.dataset.of).rows];
    const words = new Map(rows.map((row) => [row, seen(row)]));
    const count = box.querySelector("output");
    const apply = () => {
      const find = box.querySelector("[data-find]").value.trim().toLowerCase();
      const chosen = [...box.querySelectorAll("[data-select]")].filter((select) => select.selectedIndex > 0);
      const hiding = [...box.querySelectorAll("[data-hide]")].filter((check) => check.checked);
      let shown = 0;
      for (const row of rows) {
        row.hidden = !words.get(row).includes(find)
          || chosen.some((select) => row.getAttribute(`data-${select.dataset.select}`) !== select.value)
          || hiding.some((check) => row.hasAttribute(`data-${check.dataset.hide}`));
        shown += !row.hidden;
      }
      count.textContent = `${shown} of ${rows.length} ${count.dataset.what}`;
    };
    for (const event of ["input", "change"]) box.addEventListener(event, apply);
    box.hidden = false;
    apply();
  };

  document.querySelectorAll("table.sortable").forEach(sortable);
  document.querySelectorAll(".filters").forEach(filterable);

  // A film takes a row of its own, which moves all that is pressed: the page follows it, so that it stays where it was.
  document.addEventListener("click", (event) => {
    const summary = event.target.closest("summary");
    if (!summary) return;
    event.preventDefault();
    const before = summary.getBoundingClientRect().top;
    summary.parentElement.toggleAttribute("open");
    scrollBy({ top: summary.getBoundingClientRect().top - before, behavior: "instant" });
  });

  const turns = { ArrowLeft: "prev", k: "prev", ArrowRight: "next", j: "next" };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    if (event.target.closest("input, select, textarea, .scroller")) return;
    const link = turns[event.key] && document.querySelector(`a[rel="${turns[event.key]}"]`);
    if (link) link.click();
  });
})();
