// Package calico compiles Calico's own policies to the common form: NetworkPolicy and GlobalNetworkPolicy of
// projectcalico.org/v3 and of crd.projectcalico.org/v1.
//
// What goes in is one object and what its rules refer to ([Context]: tiers, sets of networks, namespaces, Services); what
// comes out are policies of the object's tier, one for each rule, because a rule may narrow whom its policy governs. Rules
// are asked in order; the first that matches decides, Log goes on, Pass leaves the tier; what a tier's policies leave
// undecided is denied unless its defaultAction is Pass. Source: the API reference of projectcalico.org/v3.
//
// Sources' ports, HTTP and the policies of host endpoints (doNotTrack, preDNAT) are not followed and named in a
// diagnostic; staged policies enforce nothing.
package calico
