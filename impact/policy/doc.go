// Package policy is the form that every dialect of network policy is compiled to, so that the engine knows one language
// only.
//
// A [Policy] has a subject (the pods it governs), a place in the order of tiers, the directions it isolates, and rules
// for each direction. A rule has a verdict, peers and ports. What a policy means together with others:
//
//   - Tiers are asked in order; in a tier, policies by Order, then by name; in a policy, rules as written. The first rule
//     that matches a connection decides it: Allow and Deny for good, Pass leaves the tier.
//   - At a tier's end, what no rule decided is denied if any policy of the tier isolates the subject in this direction;
//     else the next tier is asked. After the last tier everything is allowed.
//   - A connection is allowed if the source's egress and the destination's ingress both allow it, in every layer.
//
// One object may make several policies, which differ in their subject, order or tier; Number tells them apart. Where a
// dialect asks for denials before everything else of a tier, it makes one policy of them and another of the rest.
//
// Protocols without ports (ICMP's messages, others by their number) are part of "all ports" only where a policy of either
// side names one of them: else nothing could tell them from the ports.
//
// The dialects are the subpackages; they alone know the API types. Selectors here follow the API reference of
// LabelSelector: an empty one selects everything.
package policy
