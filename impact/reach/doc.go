// Package reach computes which connections two states of a cluster allow, and exactly which ones differ.
//
// In go two [cluster.State] values and the pairing of their workloads; out come [Block] values: rectangles of sources
// and destinations, with the ports that head opens and blocks ([Model.Delta]) or that one side allows ([Model.Allowed]).
// The package knows policies in their common form only, no dialect, and nothing of severity or causes.
//
// How it works, so that the cost follows the change and not the square of the cluster:
//
//  1. Selectors and blocks of addresses are interned by content as sets ([Model.sets]).
//  2. Endpoints (workloads, addresses, potential workloads) that no set and no policy can tell apart are one class.
//     Classes are numbered namespace by namespace, so that most sets are a few runs of numbers.
//  3. The policies on a class are, for each direction, one interned sequence of entries (verdict, set, ports), in the
//     canonical form of their tiers; two policies that say the same give the same sequence.
//  4. Changed destinations are those whose ingress sequence, or whose membership in a set of an egress entry, differs;
//     changed sources likewise. A pair whose ends are both unchanged cannot differ.
//  5. Each changed class has the ports on which it can differ. Classes with the same ports are evaluated together, with
//     everything else cut down to these ports ([batch]).
//  6. In a batch, rows and columns that its entries cannot tell apart are merged once more, ports are reduced to the
//     few atoms that matter, and what is left is evaluated, a bit a port atom.
//
// Batches partition the pairs that can differ, so that no pair is reported twice; delta and full evaluation run the same
// code on different pairs.
package reach
