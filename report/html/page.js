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
  const MOST_NODES = 400, MOST_EDGES = 1500, MOST_ROWS = 1000;
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

  const groupOf = (c, g) => c.groups[g];
  const inNamespace = (c, peers, ns) => !ns || peers.some((p) => c.peers[p].group === ns);
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
    $('list').replaceChildren();
    for (const f of shown) {
      const b = make('button', undefined, make('li', undefined, $('list')), f.kind);
      b.type = 'button';
      b.dataset.finding = f.id;
      b.setAttribute('aria-pressed', String(picked === f));
      const tags = make('span', undefined, b, 'tags');
      make('b', f.severity, tags); tags.append(' · ' + f.rule + ' · '); make('b', f.kind, tags);
      b.append(f.title);
      b.addEventListener('click', () => {
        picked = picked === f ? null : f;
        for (const other of $('list').querySelectorAll('button')) other.setAttribute('aria-pressed', String(picked !== null && other.dataset.finding === picked.id));
        if (picked) state = 'changed';
        detail(picked ? [picked] : [], null);
        draw();
      });
    }
  }

  function detail(findings, connections) {
    const to = $('detail');
    to.replaceChildren();
    if (connections) {
      make('h2', 'Connections', to);
      const ul = make('ul', undefined, to);
      connections.slice(0, 50).forEach((x) => make('li', x.words, ul));
      if (connections.length > 50) make('p', 'and ' + (connections.length - 50) + ' more: see the table', to, 'soft');
      if (!findings.length) make('p', 'netpol-impact explain SOURCE DESTINATION names every policy and rule that takes part in one of them.', to, 'soft');
    }
    for (const f of findings) {
      make('h2', f.title, to);
      make('p', f.severity + ' · ' + f.rule + ' · ' + f.kind + ' · ' + f.confidence, to, 'soft');
      if (f.explanation) make('p', f.explanation, to);
      if (f.advice) { make('h3', 'What to do', to); make('p', f.advice, to); }
      if (f.connections.length && !connections) {
        make('h3', 'Connections', to);
        const ul = make('ul', undefined, to);
        f.connections.forEach((x) => make('li', x.words, ul));
      }
      const section = (title, items, words) => {
        if (!items.length) return;
        make('h3', title, to);
        const ul = make('ul', undefined, to);
        for (const i of items) { const li = make('li', words(i) + ' ', ul); place(li, i.side, i.file, i.line, i.url); }
      };
      section('Causes', f.causes, (x) => x.object + (x.change ? ': ' + x.change : ''));
      section('Evidence', f.evidence, (x) => x.kind + ': ' + x.text);
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

  // Closed namespaces stand for their workloads, so that thousands of workloads are some nodes.
  function elements(all) {
    const c = data.clusters[cluster], nodes = new Map(), edges = new Map();
    let left = 0;
    const node = (p) => {
      const peer = c.peers[p], group = 'g' + peer.group;
      if (peer.kind === 'workload' && !opened.has(peer.group)) {
        if (!nodes.has(group)) nodes.set(group, { data: { id: group, label: peer.group, group: peer.group }, classes: 'closed' });
        return group;
      }
      const id = 'p' + p;
      if (!nodes.has(id)) {
        if (nodes.size >= MOST_NODES) return null;
        if (peer.kind === 'workload' && !nodes.has(group)) nodes.set(group, { data: { id: group, label: peer.group, group: peer.group }, classes: 'open' });
        nodes.set(id, { data: { id, label: peer.short, parent: peer.kind === 'workload' ? group : undefined }, classes: peer.kind });
      }
      return id;
    };
    for (const x of all) {
      const ends = [x.s, x.d].map((g) => new Set(groupOf(c, g).map(node)));
      for (const s of ends[0]) for (const d of ends[1]) {
        if (s === null || d === null) { left++; continue; }
        const id = s + '>' + d + '>' + x.kind, edge = edges.get(id);
        if (edge) { edge.data.rows.push(x); continue; }
        if (edges.size >= MOST_EDGES) { left++; continue; }
        edges.set(id, { data: { id, source: s, target: d, rows: [x], label: x.kind === 'opened' ? '+' : x.kind === 'blocked' ? '−' : '' }, classes: x.kind });
      }
    }
    return { nodes: [...nodes.values()], edges: [...edges.values()], left };
  }

  function look() {
    const v = (n) => getComputedStyle(document.documentElement).getPropertyValue('--' + n).trim();
    const edge = (n, style) => ({ 'line-color': v(n), 'target-arrow-color': v(n), 'line-style': style, color: v(n) });
    return [
      { selector: 'node', style: { label: 'data(label)', color: v('ink'), 'background-color': v('pick'), 'border-color': v('soft'), 'border-width': 1, 'font-size': 12, shape: 'round-rectangle', width: 'label', height: 22, padding: 6, 'text-valign': 'center', 'text-max-width': 200, 'text-wrap': 'ellipsis' } },
      { selector: '.closed', style: { 'border-style': 'double', 'border-width': 4, 'font-weight': 'bold' } },
      { selector: '.open', style: { 'background-color': v('ground'), 'text-valign': 'top', 'border-style': 'dashed', 'font-weight': 'bold' } },
      { selector: '.external, .name', style: { shape: 'diamond', width: 34, height: 34, 'text-valign': 'bottom', 'text-margin-y': 4 } },
      { selector: '.potential', style: { shape: 'hexagon', width: 30, height: 30, 'text-valign': 'bottom', 'text-margin-y': 4 } },
      { selector: 'edge', style: { width: 2, label: 'data(label)', 'font-size': 18, 'text-background-color': v('card'), 'text-background-opacity': 1, 'curve-style': 'bezier', 'target-arrow-shape': 'triangle', ...edge('same', 'dotted') } },
      { selector: 'edge.opened', style: { width: 3, ...edge('opened', 'solid') } },
      { selector: 'edge.blocked', style: { width: 3, ...edge('blocked', 'dashed') } },
      { selector: ':selected', style: { 'border-width': 4, 'border-color': v('accent'), 'line-color': v('accent'), 'target-arrow-color': v('accent') } },
    ];
  }

  function draw() {
    const all = rows(), e = data.clusters[cluster] ? elements(all) : { nodes: [], edges: [], left: 0 };
    for (const b of document.querySelectorAll('[data-state]')) b.setAttribute('aria-pressed', String(b.dataset.state === state));
    let words = all.length + (all.length === 1 ? ' group of connections, ' : ' groups of connections, ') + e.nodes.length + ' nodes, ' + e.edges.length + ' edges in the graph';
    if (e.left) words += '; ' + e.left + ' more edges are not drawn: close namespaces or filter';
    if (!all.length) words = 'No connections to show here.';
    $('shown').textContent = words;
    $('graph').hidden = asTable; $('table').hidden = !asTable;
    if (asTable) { table(all); return; }
    if (cy) cy.destroy();
    const layout = { name: 'fcose', animate: false, quality: e.nodes.length > 150 ? 'draft' : 'default', nodeDimensionsIncludeLabels: true, idealEdgeLength: 110, nodeSeparation: 90, padding: 20 };
    cy = cytoscape({ container: $('graph'), elements: [...e.nodes, ...e.edges], style: look(), layout, maxZoom: 2.5, minZoom: 0.05 });
    cy.on('tap', 'node.closed', (ev) => { opened.add(ev.target.data('group')); draw(); });
    cy.on('tap', 'node.open', (ev) => { opened.delete(ev.target.data('group')); draw(); });
    cy.on('tap', 'edge', (ev) => {
      const list = ev.target.data('rows');
      detail([...new Set(list.flatMap((x) => x.findings))], list);
    });
  }

  function choose() {
    const c = data.clusters[cluster];
    picked = null; opened = new Set();
    const namespaces = c ? [...new Set(c.peers.filter((p) => p.kind === 'workload').map((p) => p.group))].sort() : [];
    options('namespace', 'All', namespaces.map((n) => [n, n]));
    const touched = c ? new Set(c.findings.flatMap((f) => f.connections.flatMap((x) => [...groupOf(c, x.s), ...groupOf(c, x.d)]))) : new Set();
    // Few nodes are shown open at once; many begin as namespaces.
    if (c && touched.size <= 40) for (const p of touched) opened.add(c.peers[p].group);
    refresh();
  }
  function refresh() { picked = null; list(); detail([], null); draw(); }

  $('headline').textContent = data.headline;
  $('head').className = data.pass ? 'pass' : 'fail';
  $('compared').textContent = data.compared;
  data.reasons.forEach((r) => make('li', r, $('reasons')));
  options('cluster', '', data.clusters.map((c, i) => [i, c.name || 'cluster']));
  options('severity', 'All', ['critical', 'high', 'medium', 'low', 'info'].map((s) => [s, s]));
  options('kind', 'All', [...new Set(data.clusters.flatMap((c) => c.findings.map((f) => f.kind)))].sort().map((k) => [k, k]));
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
  $('expand').addEventListener('click', () => { for (const p of data.clusters[cluster]?.peers ?? []) opened.add(p.group); draw(); });
  $('collapse').addEventListener('click', () => { opened.clear(); draw(); });
  $('fit').addEventListener('click', () => cy && cy.fit(undefined, 20));
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => cy && cy.style(look()));
  choose();
  document.documentElement.dataset.ready = String(Math.round(performance.now()));
})();
