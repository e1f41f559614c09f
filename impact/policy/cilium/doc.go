// Package cilium compiles Cilium's own policies to the common form: CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy
// of cilium.io/v2, with spec and specs.
//
// What goes in is one object and what its rules refer to ([Context]: Services, CiliumCIDRGroups); what comes out are
// policies of the tier that NetworkPolicies are in. Semantics follow Cilium's source (pkg/policy, release 1.20), which the
// oracle module judges this package by: denials come before what any policy allows, a direction is isolated as soon as a
// rule for it selects the pod (unless enableDefaultDeny says otherwise), an empty list of peers matches nobody and a
// missing one everybody, and addresses never match pods or nodes.
//
// It does not follow connections beyond ports: rules for HTTP, DNS, TLS names and authentication are named in a diagnostic,
// and their port counts as open. Host policies (nodeSelector) are named and left out.
package cilium
