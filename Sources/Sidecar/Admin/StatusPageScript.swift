extension StatusPage {
    /// The script of the page: asks for `/status` each 2 s, and sets what has changed. What comes from outside becomes
    /// text, never markup. It says what ``StatusView`` and ``PageText`` say; a test compares them.
    static let script: StaticString = #"""
        "use strict";
        (() => {
        const node = id => document.getElementById(id);
        const set = (node, text) => { if (node.textContent !== text) node.textContent = text; };
        const give = (node, name, value) => { if (node.getAttribute(name) !== value) node.setAttribute(name, value); };
        const make = (name, ...children) => {
          const [tag, kind] = name.split(".");
          const node = document.createElement(tag);
          if (kind) node.className = kind;
          node.append(...children);
          return node;
        };
        // What is there stays, so that the focus, the place and what is selected stay; only what has changed is set.
        const fill = (parent, things, create, show) => {
          while (parent.children.length > things.length) parent.lastElementChild.remove();
          let child = parent.firstElementChild;
          for (const thing of things) {
            child ??= parent.appendChild(create());
            show(child, thing);
            child = child.nextElementSibling;
          }
        };

        const whole = number => Math.round(Math.min(number, 1e15));
        const count = number => String(number).replace(/\B(?=(\d{3})+$)/g, ",");
        const tenths = number => { const all = whole(number * 10); return `${Math.floor(all / 10)}.${all % 10}`; };
        const rate = number => {
          if (number == null) return "–";
          if (number <= 0) return "0";
          if (number >= 99.95) return count(whole(number));
          if (number >= 0.995) return tenths(number);
          const hundredths = whole(number * 100);
          return hundredths < 1 ? "<0.01" : `0.${String(hundredths).padStart(2, "0")}`;
        };
        const latency = seconds => {
          if (seconds == null) return "–";
          const time = seconds * 1000;
          if (time >= 999.5) return `${tenths(seconds)} s`;
          if (time >= 9.95) return `${whole(time)} ms`;
          return time < 0.05 ? "<0.1 ms" : `${tenths(time)} ms`;
        };
        const age = number => {
          const seconds = Math.floor(Math.max(number ?? 0, 0));
          const [minutes, hours, days] = [60, 3600, 86400].map(unit => Math.floor(seconds / unit));
          if (minutes < 1) return `${seconds} s`;
          if (hours < 1) return `${minutes} min`;
          return days < 1 ? `${hours} h ${minutes % 60} min` : `${count(days)} d ${hours % 24} h`;
        };
        const lasts = side => side.for_seconds == null ? "" : ` for ${age(side.for_seconds)}`;
        const plural = (number, noun) => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;

        const cards = status => {
          const { router, database, leadership, outbox, dead_letters: letters, call_port: port } = status;
          const standby = leadership.role === "standby";
          const all = [];
          const add = (title, level, value, ...details) => all.push({ title, level, value, details });
          if (router.state === "joined") {
            add("Router", "good", `connected${lasts(router)}`, router.url, `realm ${router.realm}`);
          } else add("Router", "bad", `not connected${lasts(router)}`, router.reason ?? "it is being tried");
          const reason = database.reason == null ? [] : [database.reason];
          const [own, queue] = [database.connections?.calls, database.queue];
          const wait = queue?.waiting > 0 ? `, ${count(queue.waiting)} waiting` : "";
          const open = own && queue
            ? [`${count(own.open)} of ${count(own.limit)} connections, ${count(own.busy)} busy${wait}`] : [];
          if (database.state === "available") {
            add("Database", reason.length ? "warning" : "good", `connected${lasts(database)}`, ...reason,
              database.listening ? "listens for notifications" : "does not listen for notifications",
              database.interface ? "SQL interface installed" : "SQL interface not installed", ...open);
          } else add("Database", "bad", `not connected${lasts(database)}`, reason[0] ?? "it is being tried");
          if (standby) add("Leadership", "good", `stands by${lasts(leadership)}`, `${leadership.holder} leads`);
          else if (leadership.role === "leader") add("Leadership", "good", `leads${lasts(leadership)}`, "this sidecar");
          else add("Leadership", "warning", `not known${lasts(leadership)}`);
          if (standby) add("Outbox", "good", "left to the leader");
          else if (leadership.role !== "leader") add("Outbox", "warning", "not known");
          else {
            const details = [];
            const [waiting, held, stuck] = [outbox.waiting ?? 0, outbox.held_topics ?? 0, outbox.waiting_seconds];
            const oldest = outbox.oldest_seconds;
            if (waiting > 0 && oldest != null) details.push(`the oldest for ${age(oldest)}`);
            if (stuck != null) details.push(`none sent for ${age(stuck)}`);
            if (held > 0) details.push(plural(held, "held topic"));
            add("Outbox", held > 0 || stuck >= 10 ? "warning" : "good",
              waiting > 0 ? `${count(waiting)} waiting` : stuck != null ? "events wait" : "nothing waits", ...details);
          }
          const known = Object.keys(letters ?? {}).sort()
            .filter(kind => letters[kind] != null && !kind.endsWith("_seconds"));
          if (known.length) {
            const kinds = known.filter(kind => letters[kind] > 0);
            const sum = kinds.reduce((sum, kind) => sum + letters[kind], 0);
            const details = kinds.map(kind => `${kind}: ${count(letters[kind])}`);
            if (letters.oldest_seconds != null) details.push(`the oldest for ${age(letters.oldest_seconds)}`);
            if (sum > 0) add("Dead letters", "warning", count(sum), ...details);
            else add("Dead letters", "good", "none");
          }
          if (port?.listening) {
            add("Call port", "good", "listens", `${count(port.sessions)} of ${count(port.limit)} sessions`);
          } else if (port) add("Call port", "bad", "does not listen");
          return all;
        };

        const path = (numbers, peak) => {
          const start = 119 - (numbers.length - 1);
          const points = numbers.map((number, index) =>
            `L${start + index} ${tenths((Math.round(360 * (1 - (peak > 0 ? number / peak : 0))) + 20) / 10)}`);
          return numbers.length ? `M${start - 1} 42${points.join("")}L120 42` : "";
        };

        const row = (route, name, all, kinds, open, since) => {
          const failed = route.results == null ? null : kinds(route.results).filter(kind => route.results[kind] > 0);
          const number = value => value == null ? "–" : count(value);
          return {
            ...route, name: route[name],
            cells: [rate(route.per_second), number(route[all]),
              [failed ? count(failed.reduce((sum, kind) => sum + route.results[kind], 0)) : "–",
                (failed ?? []).map(kind => `${kind} ${count(route.results[kind])}`).join(", ")],
              latency(route.p50_seconds), latency(route.p99_seconds),
              [number(route[open]), since == null ? "" : `for ${age(since)}`]],
          };
        };
        const procedure = route => row(route, "uri", "calls",
          results => Object.keys(results).sort().filter(kind => kind !== "ok"), "in_progress", null);
        const subscription = route => row(route, "topic", "events",
          () => ["dead", "lost"], "waiting", route.oldest_seconds);

        const states = ["works", "waits", "rests", "faulty"];
        const makeRow = () => {
          const head = make("th", make("span.uri"),
            make("span.sub", make("i.sign"), make("b"), " ", make("span")), make("span.reason"));
          head.scope = "row";
          const twice = () => make("td", make("span"), make("small"));
          return make("tr", head, make("td"), make("td"), twice(), make("td"), make("td"), twice());
        };
        const showRow = (node, row) => {
          give(node, "class", states.includes(row.state) ? row.state : "waits");
          const [uri, sub, reason] = node.cells[0].children;
          set(uri, row.name);
          set(sub.children[1], row.state);
          set(sub.children[2], row.target);
          set(reason, row.reason ?? "");
          row.cells.forEach((cell, index) => {
            const place = node.cells[index + 1];
            if (Array.isArray(cell)) cell.forEach((text, index) => set(place.children[index], text));
            else set(place, cell);
          });
        };
        const showTable = (id, routes, others, form) => {
          const section = node(id);
          set(section.querySelector("h2 span"), count(routes.length + others));
          const rows = routes.map(form);
          const isFaulty = row => row.state === "faulty";
          fill(section.querySelector("tbody"), [...rows.filter(isFaulty), ...rows.filter(row => !isFaulty(row))],
            makeRow, showRow);
          set(section.querySelector(".more"), others > 0 ? `and ${count(others)} more` : rows.length ? "" : "none");
        };

        const colours = { good: "2e9e5b", warning: "d99a1c", bad: "d43f34" };
        const showReadiness = (level, headline, complaints, others) => {
          give(node("readiness"), "class", level);
          set(node("headline"), headline);
          fill(node("complaints"), complaints, () => make("li", make("b"), " ", make("span")), (node, complaint) => {
            set(node.children[0], complaint.name);
            set(node.children[1], complaint.reason);
          });
          set(node("complaints-more"), others > 0 ? `and ${count(others)} more` : "");
          document.title = `${headline} · wamp-sidecar`;
          const icon = document.querySelector("link");
          give(icon, "href", icon.getAttribute("href").replace(/%23\w+/, `%23${colours[level]}`));
        };

        const show = status => {
          const others = status.other_faults ?? 0;
          const faults = status.faults.length + others;
          const state = status.state === "standby" ? "Standby" : "Ready";
          if (!status.ready) showReadiness("bad", "Not ready", status.reasons, 0);
          else if (faults) showReadiness("warning", `${state} with ${plural(faults, "fault")}`, status.faults, others);
          else showReadiness("good", state, [], 0);
          set(node("version"), status.sidecar.version);
          set(node("uptime"), age(status.sidecar.uptime_seconds));
          set(node("delay"), latency(status.event_loop.delay_seconds));
          fill(node("cards"), cards(status), () => make("article", make("h2"), make("p", make("i.sign"), make("span")),
            make("ul")), (node, card) => {
            give(node, "class", card.level);
            set(node.children[0], card.title);
            set(node.children[1].children[1], card.value);
            fill(node.children[2], card.details, () => make("li"), set);
          });
          [status.load.calls_per_second, status.load.events_per_second].forEach((all, index) => {
            const numbers = all.slice(-120);
            const [, now, chart, axis] = node("charts").children[index].children;
            const peak = Math.max(0, ...numbers);
            set(now, rate(numbers.at(-1)));
            give(chart.firstElementChild, "d", path(numbers, peak));
            set(axis.querySelector("b"), rate(peak));
          });
          showTable("procedures", status.procedures, status.other_procedures ?? 0, procedure);
          showTable("subscriptions", status.subscriptions, status.other_subscriptions ?? 0, subscription);
          choose();
        };

        const choose = () => {
          const words = node("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
          const rows = [...document.querySelectorAll("tbody tr")];
          for (const row of rows) {
            const text = words.length ? row.cells[0].textContent.toLowerCase() : "";
            row.hidden = !words.every(word => text.includes(word));
          }
          const shown = rows.filter(row => !row.hidden).length;
          set(node("shown"), words.length ? `${count(shown)} of ${count(rows.length)}` : "");
        };

        let [seen, timer] = [new Date(), 0];
        const clock = time => time.toLocaleTimeString();
        const look = async () => {
          clearTimeout(timer);
          try {
            // The page's own address may have a password in it; with that nothing can be fetched.
            const place = new URL("status", location.origin + location.pathname);
            const answer = await fetch(place, { cache: "no-store", signal: AbortSignal.timeout(5000) });
            if (!answer.ok) throw new Error(`it answers ${answer.status}`);
            show(await answer.json());
            seen = new Date();
            document.body.classList.remove("stale");
            set(node("live"), `, seen at ${clock(seen)}`);
          } catch (error) {
            document.body.classList.add("stale");
            showReadiness("bad", "No answer", [{ name: "this page", reason:
              `got no status since ${clock(seen)} (${error.message}); what stands below is from then` }], 0);
          }
          clearTimeout(timer);
          timer = setTimeout(look, document.hidden ? 30000 : 2000);
        };
        node("tools").hidden = false;
        node("filter").addEventListener("input", choose);
        document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
        look();
        })();

        """#
}
