// Package istio compiles Istio's AuthorizationPolicy (security.istio.io) to the common form, as far as it decides about
// connections rather than requests.
//
// What goes in is one object and what is known of the mesh ([Mesh]); what comes out is a policy of the layer Mesh, which
// decides beside the pods' network, at the destination only and for TCP only: a mesh's proxies see nothing else. First come
// policies of the action CUSTOM, then DENY, then ALLOW: where any ALLOW policy selects a pod, what none of them allows is
// denied. AUDIT decides nothing. Source: Istio's reference of AuthorizationPolicy and its page on TCP traffic.
//
// What cannot be judged by a connection (methods, paths, hosts, tokens, what an external authorizer says) is never passed
// over: a rule of ALLOW that asks for it allows nothing, a rule of DENY denies all that it may, as Istio itself does with
// traffic that is not HTTP, and either is marked as uncertain and told as a restriction beyond ports.
//
// Pods that a policy selects are taken to be in the mesh, and identities to be proved (mTLS). Policies that are bound to
// gateways, waypoints or Services (targetRef) are not analysed, and named.
package istio
