package sandbox

// refuseNamespaces has children started as where the system allows no namespaces.
func refuseNamespaces() (restore func()) {
	before := refused.Swap(true)
	return func() { refused.Store(before) }
}
