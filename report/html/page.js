'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const $ = (id) => document.getElementById(id);
  // Names come from untrusted manifests: they become text, never markup.
  const make = (tag, text, to, cls) => {
    const e = document.createElement(tag);
    if (text !== undefined) e.textContent = text;
    if (cls) e.className = cls;
    if (to) to.append(e);
    return e;
  };
  const MOST_NODES = 400, MOST_EDGES = 1500, MOST_ROWS = 1000, MOST_PAIRS = 8, MOST_CROWDS = 16, FONT = 'system-ui, sans-serif';
  let state = 'changed', cluster = 0, picked = null, opened = new Set(), cy = null, asTable = false;

  function options(id, all, values) {
    $(id).replaceChildren();
    if (all) make('option', all, $(id)).value = '';
    values.forEach(([value, text]) => { make('option', text, $(id)).value = value; });
  }
  function place(to, side, file, line, url) {
    if (!file) return;
    const text = file + (line ? ':' + line : '') + (side ? ' (' + side + ')' : '');
    if (url && url.startsWith('https://')) {
      const a = make('a', text, to);
      a.href = url; a.rel = 'noreferrer';
    } else make('code', text, to);
  }

  const groupOf = (c, g) => c.groups[g].peers;
  const wordsOf = (x) => x.from + ' → ' + x.to + ', ' + x.ports;
  const inNamespace = (c, peers, ns) => !ns || peers.some((p) => c.peers[p].kind === 'workload' && c.peers[p].group === ns);
  function passes(c, f) {
    const q = $('search').value.trim().toLowerCase(), ns = $('namespace').value;
    if ($('severity').value && f.severity !== $('severity').value) return false;
    if ($('kind').value && f.kind !== $('kind').value) return false;
    if (ns && !f.connections.some((x) => inNamespace(c, groupOf(c, x.s), ns) || inNamespace(c, groupOf(c, x.d), ns))) return false;
    if (!q) return true;
    return f.text.includes(q) || f.connections.some((x) => [x.s, x.d].some((g) => groupOf(c, g).some((p) => c.peers[p].label.toLowerCase().includes(q))));
  }
  const found = () => {
    const c = data.clusters[cluster];
    return c ? c.findings.filter((f) => passes(c, f)) : [];
  };
  // What the chosen state holds: rectangles of connections with the words that Go wrote.
  function rows() {
    const c = data.clusters[cluster];
    if (!c) return [];
    const out = [];
    if (state === 'changed') {
      for (const f of found()) {
        if (picked && picked !== f) continue;
        for (const x of f.connections) out.push({ ...x, kind: f.kind, findings: [f] });
      }
      return out;
    }
    const q = $('search').value.trim().toLowerCase(), ns = $('namespace').value;
    for (const x of c[state]) {
      const ends = [groupOf(c, x.s), groupOf(c, x.d)];
      if (ns && !ends.some((e) => inNamespace(c, e, ns))) continue;
      if (q && !ends.some((e) => e.some((p) => c.peers[p].label.toLowerCase().includes(q)))) continue;
      out.push({ ...x, kind: 'same', findings: [] });
    }
    return out;
  }

  function list() {
    const all = data.clusters[cluster] ? data.clusters[cluster].findings.length : 0, shown = found();
    $('count').textContent = shown.length + ' of ' + all + ' shown, worst first';
    const radius = data.clusters[cluster] ? data.clusters[cluster].radius : [];
    $('radius').hidden = !radius.length;
    $('radii').replaceChildren();
    for (const words of radius) make('li', words, $('radii'));
    $('supposed').replaceChildren();
    for (const s of data.clusters[cluster] ? data.clusters[cluster].supposed : []) {
      if (!s.lines.length) { make('p', s.head + '.', $('supposed')); continue; }
      const d = make('details', undefined, $('supposed'));
      make('summary', s.head, d);
      make('p', 'No part of the findings, nor of the gate.', d);
      const ul = make('ul', undefined, d);
      for (const words of s.lines) make('li', words, ul);
    }
    $('list').replaceChildren();
    for (const f of shown) {
      const b = make('button', undefined, make('li', undefined, $('list')), f.kind);
      b.type = 'button';
      b.dataset.finding = f.id;
      b.setAttribute('aria-pressed', String(picked === f));
      const tags = make('span', undefined, b, 'tags');
      tags.append(f.id + ' · '); make('b', f.severity, tags); tags.append(' · ' + f.rule + ' · '); make('b', f.kind, tags);
      b.append(f.title);
      b.addEventListener('click', () => {
        picked = picked === f ? null : f;
        for (const other of $('list').querySelectorAll('button')) other.setAttribute('aria-pressed', String(picked !== null && other.dataset.finding === picked.id));
        if (picked) state = 'changed';
        detail(picked ? [picked] : [], null);
        draw();
        if (picked) show();
      });
    }
  }

  function detail(findings, connections, peers) {
    const to = $('detail'), c = data.clusters[cluster];
    to.replaceChildren();
    if (peers) {
      make('h2', peers.length === 1 ? c.peers[peers[0]].label : peers.length + ' peers', to);
      if (peers.length > 1) make('p', peers.slice(0, 50).map((p) => c.peers[p].label).join(', ') + (peers.length > 50 ? ' and ' + (peers.length - 50) + ' more' : ''), to, 'soft');
    }
    if (connections) {
      make('h2', 'Connections', to);
      const ul = make('ul', undefined, to);
      connections.slice(0, 50).forEach((x) => make('li', wordsOf(x), ul));
      if (connections.length > 50) make('p', 'and ' + (connections.length - 50) + ' more: see the table', to, 'soft');
      if (!findings.length) make('p', 'netpol-impact explain SOURCE DESTINATION names every policy and rule that takes part in one of them.', to, 'soft');
    }
    for (const f of findings) {
      make('h2', f.title, to);
      make('p', f.id + ' · ' + f.severity + ' · ' + f.rule + ' · ' + f.kind + ' · ' + f.confidence, to, 'soft');
      if (f.explanation) make('p', f.explanation, to);
      if (f.advice) { make('h3', 'What to do', to); make('p', f.advice, to); }
      if (f.connections.length && !connections) {
        make('h3', 'Connections', to);
        const ul = make('ul', undefined, to);
        f.connections.forEach((x) => make('li', wordsOf(x), ul));
      }
      const section = (title, items, words) => {
        if (!items.length) return;
        make('h3', title, to);
        const ul = make('ul', undefined, to);
        for (const i of items) { const li = make('li', words(i) + ' ', ul); place(li, i.side, i.file, i.line, i.url); }
      };
      section('Causes', f.causes, (x) => x.object + (x.change ? ': ' + x.change : ''));
      section('Evidence', f.evidence, (x) => x.text);
      if (f.fingerprint) { make('h3', 'Fingerprint', to); make('code', f.fingerprint, make('p', undefined, to)); }
    }
    if (!findings.length && !connections) {
      make('p', 'Choose a finding or a connection to see why it is so.', to, 'soft');
      if (data.diagnostics.length) {
        make('h2', 'Diagnostics', to);
        const ul = make('ul', undefined, to);
        for (const d of data.diagnostics) { const li = make('li', d.severity + ': ' + (d.object ? d.object + ': ' : '') + d.message + ' ', ul); place(li, '', d.file, d.line, d.url); }
      }
    }
  }

  function table(all) {
    const t = make('table'), top = make('tr', undefined, make('thead', undefined, t)), body = make('tbody', undefined, t);
    for (const h of ['Change', 'From', 'To', 'Ports', 'Why']) make('th', h, top).scope = 'col';
    for (const x of all.slice(0, MOST_ROWS)) {
      const tr = make('tr', undefined, body);
      for (const text of [x.kind === 'same' ? 'allowed' : x.kind, x.from, x.to, x.ports + (x.approximate ? ' (approximate)' : '')]) make('td', text, tr);
      const td = make('td', undefined, tr);
      const b = make('button', x.findings.length ? x.findings[0].id : 'Details', td);
      b.type = 'button';
      b.addEventListener('click', () => { detail(x.findings, [x]); $('detail').focus(); });
    }
    $('table').replaceChildren(t);
    if (all.length > MOST_ROWS) make('p', (all.length - MOST_ROWS) + ' more rows: narrow them with search and filters.', $('table'));
  }

  // What is drawn: closed namespaces stand for their workloads, and where many reach many, each side is one node, a crowd
  // in the words of the report; so thousands of workloads are some nodes, and no edge is left out unseen.
  function elements(all) {
    const c = data.clusters[cluster], nodes = new Map(), edges = new Map(), seen = new Map();
    let left = 0;
    const idOf = (p) => (opened.has(c.peers[p].box) ? 'p' + p : 'g' + c.peers[p].box);
    const box = (name, cls) => {
      const id = 'g' + name;
      if (!nodes.has(id)) {
        const { size, title, what } = c.boxes.get(name);
        nodes.set(id, { data: { id, label: title + (cls === 'closed' ? '\n' + size + ' ' + what + (size === 1 ? '' : 's') : ''), box: name }, classes: cls });
      }
      return id;
    };
    const node = (p) => {
      const peer = c.peers[p], id = idOf(p);
      if (nodes.has(id)) return id;
      if (nodes.size >= MOST_NODES) return null;
      if (id[0] === 'g') return box(peer.box, 'closed');
      nodes.set(id, { data: { id, label: peer.short, peers: [p], parent: peer.kind === 'workload' ? box(peer.box, 'open') : undefined }, classes: peer.kind });
      return id;
    };
    let crowds = 0;
    const crowd = (g) => {
      const id = 'c' + g, { words, peers } = c.groups[g];
      if (nodes.has(id)) return id;
      if (++crowds > MOST_CROWDS) return null;
      const inside = c.peers[peers[0]].box, one = inside[0] === 'w' && opened.has(inside) && peers.every((p) => c.peers[p].box === inside);
      nodes.set(id, { data: { id, label: words.length > 90 ? words.slice(0, 89) + '…' : words, peers, parent: one ? box(inside, 'open') : undefined }, classes: 'crowd' });
      return id;
    };
    const ends = (g) => {
      if (!seen.has(g)) seen.set(g, [...new Map(groupOf(c, g).map((p) => [idOf(p), p])).values()]);
      return seen.get(g);
    };
    for (const x of all) {
      const s = ends(x.s), d = ends(x.d), many = s.length * d.length > MOST_PAIRS;
      const from = many && s.length > 3 ? [crowd(x.s)] : s.map(node), to = many && d.length > 3 ? [crowd(x.d)] : d.map(node);
      for (const a of from) for (const b of to) {
        if (a === null || b === null) { left++; continue; }
        const id = a + '>' + b + '>' + x.kind, edge = edges.get(id);
        if (edge) { edge.data.rows.push(x); continue; }
        if (edges.size >= MOST_EDGES) { left++; continue; }
        edges.set(id, { data: { id, source: a, target: b, rows: [x] }, classes: x.kind });
      }
    }
    const parents = new Set([...nodes.values()].map((n) => n.data.parent));
    for (const n of nodes.values()) if (!parents.has(n.data.id)) measure(n);
    return { nodes: [...nodes.values()], edges: [...edges.values()], left };
  }

  // Lines of a label and the room that they take, in pixels: the layout keeps nodes apart by it.
  const pen = document.createElement('canvas').getContext('2d');
  function measure(n) {
    pen.font = (n.classes === 'closed' ? 'bold ' : '') + '12px ' + FONT;
    const lines = [];
    for (const paragraph of n.data.label.split('\n')) {
      let line = '';
      for (const word of paragraph.split(/(?<=[\s/])/)) {
        if (line && pen.measureText(line + word).width > 170) { lines.push(line.trim()); line = ''; }
        line += word;
      }
      lines.push(line.trim());
    }
    n.data.label = lines.map((l) => (l.length > 40 ? l.slice(0, 39) + '…' : l)).join('\n');
    const room = n.classes === 'external' || n.classes === 'name' ? 44 : n.classes === 'potential' ? 64 : 22;
    n.data.w = Math.ceil(Math.max(...n.data.label.split('\n').map((l) => pen.measureText(l).width))) + room;
    n.data.h = lines.length * 15 + 14;
  }

  function look() {
    const v = (n) => getComputedStyle(document.documentElement).getPropertyValue('--' + n).trim();
    const edge = (n, style) => ({ 'line-color': v(n), 'target-arrow-color': v(n), 'line-style': style });
    return [
      { selector: 'node', style: { label: 'data(label)', color: v('ink'), 'background-color': v('pick'), 'border-color': v('soft'), 'border-width': 1, 'font-family': FONT, 'font-size': 12, shape: 'round-rectangle', 'text-valign': 'center', 'text-wrap': 'wrap', 'line-height': 1.2 } },
      { selector: 'node[w]', style: { width: 'data(w)', height: 'data(h)' } },
      { selector: '.closed', style: { 'background-color': v('ground'), 'border-style': 'double', 'border-width': 4, 'font-weight': 'bold' } },
      { selector: '.open', style: { 'background-color': v('ground'), 'text-valign': 'top', 'text-margin-y': -4, 'border-style': 'dashed', 'font-weight': 'bold', padding: 18 } },
      { selector: '.external, .name', style: { shape: 'cut-rectangle', 'background-color': v('outside') } },
      { selector: '.potential', style: { shape: 'hexagon', 'background-color': v('outside') } },
      { selector: '.crowd', style: { 'border-style': 'double', 'border-width': 4, 'background-color': v('card') } },
      { selector: 'edge', style: { width: 1.2, opacity: 0.55, 'curve-style': 'bezier', 'control-point-step-size': 36, 'target-arrow-shape': 'triangle', 'arrow-scale': 0.9, 'loop-direction': '0deg', 'loop-sweep': '-40deg', 'z-index': 1, ...edge('same', 'solid') } },
      { selector: 'edge.opened', style: { width: 2.4, opacity: 1, 'z-index': 10, ...edge('opened', 'solid') } },
      { selector: 'edge.blocked', style: { width: 2.4, opacity: 1, 'z-index': 10, ...edge('blocked', 'dashed') } },
      { selector: 'edge.narrowed', style: { width: 2.4, opacity: 1, 'z-index': 9, ...edge('same', 'dotted') } },
      { selector: '.faded', style: { opacity: 0.15 } },
      { selector: 'node:selected', style: { 'border-width': 3, 'border-style': 'solid', 'border-color': v('accent') } },
      { selector: 'edge:selected', style: { width: 4, opacity: 1, 'line-color': v('accent'), 'target-arrow-color': v('accent') } },
    ];
  }

  // The same report is always the same picture: the layout starts from positions that it draws by lot.
  function withSeed(run) {
    const random = Math.random;
    let seed = 1;
    Math.random = () => { seed = (seed * 16807) % 2147483647; return seed / 2147483647; };
    try { run(); } finally { Math.random = random; }
  }

  function covered(edge) {
    const a = edge.source(), b = edge.target();
    if (a.same(b) || a.isParent() || b.isParent()) return false;
    const p = a.boundingBox({ includeLabels: false }), q = b.boundingBox({ includeLabels: false });
    return p.x1 < q.x2 && q.x1 < p.x2 && p.y1 < q.y2 && q.y1 < p.y2;
  }

  function fit() {
    if (!cy) return;
    cy.fit(undefined, 16);
    if (cy.zoom() > 1.1) { cy.zoom(1.1); cy.center(); }
  }

  function draw() {
    const all = rows();
    for (const b of document.querySelectorAll('[data-state]')) b.setAttribute('aria-pressed', String(b.dataset.state === state));
    $('graph').hidden = asTable; $('table').hidden = !asTable;
    if (asTable) {
      $('shown').textContent = all.length + (all.length === 1 ? ' group of connections' : ' groups of connections');
      table(all);
      return;
    }
    // Before and after show what is lost and gained among what stays.
    const gone = state === 'before' ? 'blocked' : state === 'after' ? 'opened' : '';
    const changed = gone ? found().filter((f) => f.kind === gone).flatMap((f) => f.connections.map((x) => ({ ...x, kind: f.kind, findings: [f] }))) : [];
    const e = data.clusters[cluster] ? elements([...changed, ...all]) : { nodes: [], edges: [], left: 0 };
    let words = all.length + (all.length === 1 ? ' group of connections, ' : ' groups of connections, ') + e.nodes.length + ' nodes, ' + e.edges.length + (e.edges.length === 1 ? ' edge' : ' edges') + ' in the graph';
    if (e.left) words += '; ' + e.left + ' more, of what comes last, are not drawn: choose a finding, search or filter';
    if (!e.edges.length) words = 'No connections to show here.';
    $('shown').textContent = words;
    if (cy) cy.destroy();
    cy = cytoscape({ container: $('graph'), elements: [...e.nodes, ...e.edges], style: look(), layout: { name: 'null' }, maxZoom: 2.5, minZoom: 0.05 });
    // More nodes, and more edges a node, need more room each: edges draw their nodes together.
    const spread = Math.max(1, e.nodes.length / 20), dense = Math.max(1, e.edges.length / (e.nodes.length + 1));
    withSeed(() => cy.layout({ name: 'fcose', animate: false, fit: false, quality: e.nodes.length > 100 ? 'default' : 'proof', randomize: true, nodeDimensionsIncludeLabels: true, nodeSeparation: 75 * spread, nodeRepulsion: () => 9000 * spread * spread, idealEdgeLength: (x) => (x.source().data('parent') === x.target().data('parent') ? 75 : 30) * spread * dense, edgeElasticity: () => 0.45, gravity: 0.6, gravityCompound: 1.2, nestingFactor: 0.05, numIter: 2500, tile: true, tilingPaddingVertical: 18, tilingPaddingHorizontal: 18 }).run());
    // An edge between nodes that overlap could not be seen: what is laid out is drawn apart until there is none.
    for (let i = 0; i < 8 && cy.edges().some(covered); i++) cy.nodes(':childless').positions((n) => ({ x: n.position('x') * 1.15, y: n.position('y') * 1.15 }));
    fit();
    cy.on('tap', 'node.closed', (ev) => { opened.add(ev.target.data('box')); draw(); });
    cy.on('tap', 'node.open', (ev) => { if (ev.target.hasClass('open')) { opened.delete(ev.target.data('box')); draw(); } });
    cy.on('tap', 'edge', (ev) => why([ev.target]));
    cy.on('tap', 'node[peers]', (ev) => {
      cy.elements().addClass('faded');
      const near = ev.target.closedNeighborhood();
      near.union(near.parents()).removeClass('faded');
      why(ev.target.connectedEdges().toArray(), ev.target.data('peers'));
    });
    cy.on('tap', (ev) => { if (ev.target === cy) cy.elements().removeClass('faded'); });
  }
  function why(edges, peers) {
    const list = [...new Set(edges.flatMap((e) => e.data('rows')))];
    detail([...new Set(list.flatMap((x) => x.findings))], list, peers);
    show();
  }
  // The details stand below the graph; what they begin with is brought into sight.
  function show() {
    const at = $('detail').getBoundingClientRect();
    if (at.top > innerHeight - 160 || at.top < 0) scrollBy(0, at.top - Math.max(0, innerHeight - Math.min(at.height, innerHeight * 0.6)));
  }

  function choose() {
    const c = data.clusters[cluster];
    picked = null; opened = new Set();
    const namespaces = c ? [...new Set(c.peers.filter((p) => p.kind === 'workload').map((p) => p.group))].sort() : [];
    options('namespace', 'All', namespaces.map((n) => [n, n]));
    const touched = c ? new Set(c.findings.flatMap((f) => f.connections.flatMap((x) => [...groupOf(c, x.s), ...groupOf(c, x.d)]))) : new Set();
    // Few nodes are shown open at once; many begin as namespaces.
    const touches = new Map();
    for (const p of touched) touches.set(c.peers[p].box, (touches.get(c.peers[p].box) ?? 0) + 1);
    for (const [box, n] of touches) if (touched.size <= 40 || (box[0] !== 'w' && n <= 4)) opened.add(box);
    refresh();
  }
  function refresh() { picked = null; list(); detail([], null); later(draw); }
  // What is there is painted before the graph is laid out.
  function later(run) { requestAnimationFrame(() => setTimeout(run)); }

  $('headline').textContent = data.headline;
  $('head').className = data.pass ? 'pass' : 'fail';
  $('compared').textContent = data.compared;
  data.reasons.forEach((r) => make('li', r, $('reasons')));
  // What keeps every port that its destination declares is lost to nobody: it is no blocked connection to look at.
  for (const c of data.clusters) for (const f of c.findings) if (f.narrowed) f.kind = 'narrowed';
  options('cluster', '', data.clusters.map((c, i) => [i, c.name || 'cluster']));
  options('severity', 'All', ['critical', 'high', 'medium', 'low', 'info'].map((s) => [s, s]));
  options('kind', 'All', [...new Set(data.clusters.flatMap((c) => c.findings.map((f) => f.kind)))].sort().map((k) => [k, k]));
  for (const c of data.clusters) {
    for (const g of c.groups) {
      g.peers = [];
      for (let i = 0; i < g.runs.length; i += 2) for (let p = g.runs[i]; p <= g.runs[i + 1]; p++) g.peers.push(p);
    }
    for (const list of [c.before, c.after, ...c.findings.map((f) => f.connections)]) for (const x of list) { x.from = c.groups[x.s].words; x.to = c.groups[x.d].words; }
    // A box holds the workloads of a namespace, or what is not in the manifests.
    c.boxes = new Map();
    for (const p of c.peers) {
      p.box = p.kind === 'workload' ? 'w' + p.group : p.kind;
      const box = c.boxes.get(p.box) ?? { size: 0, title: p.kind === 'workload' ? p.group : p.kind === 'potential' ? 'pods not in these manifests' : p.kind === 'external' ? 'outside the cluster' : 'others', what: p.kind === 'workload' ? 'workload' : p.kind === 'potential' ? 'selector' : 'peer' };
      box.size++;
      c.boxes.set(p.box, box);
    }
  }
  for (const c of data.clusters) for (const f of c.findings) f.text = [f.id, f.rule, f.title, f.explanation].join(' ').toLowerCase();
  let timer = 0;
  $('search').addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(refresh, 150); });
  $('filters').addEventListener('submit', (ev) => ev.preventDefault());
  for (const id of ['severity', 'namespace', 'kind']) $(id).addEventListener('change', refresh);
  $('cluster').addEventListener('change', () => { cluster = Number($('cluster').value); choose(); });
  for (const b of document.querySelectorAll('[data-state]')) b.addEventListener('click', () => { state = b.dataset.state; draw(); });
  $('table-button').addEventListener('click', () => {
    asTable = !asTable;
    $('table-button').setAttribute('aria-pressed', String(asTable));
    draw();
  });
  $('expand').addEventListener('click', () => { for (const p of data.clusters[cluster]?.peers ?? []) opened.add(p.box); draw(); });
  $('collapse').addEventListener('click', () => { opened.clear(); draw(); });
  $('fit').addEventListener('click', fit);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => cy && cy.style(look()));
  choose();
  later(() => { document.documentElement.dataset.ready = String(Math.round(performance.now())); });
})();
