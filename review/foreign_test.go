package review

import "testing"

func TestARepositoryIsKnownByItsName(t *testing.T) {
	for address, want := range map[string]string{
		"https://github.com/acme/Shop.git":             "shop",
		"https://github.com/acme/shop/":                "shop",
		"git@github.com:acme/shop.git":                 "shop",
		"git@host:shop":                                "shop",
		"ssh://git@host:2222/acme/shop.git":            "shop",
		"https://dev.azure.com/acme/project/_git/shop": "shop",
		"/srv/git/shop.git":                            "shop",
		"":                                             "",
		"https://github.com/acme/${name}":              "",
		"/":                                            "",
	} {
		if got := repositoryName(address); got != want {
			t.Errorf("%s: got %q, want %q", address, got, want)
		}
	}
	if got := shownAddress("https://user:secret@host/shop.git"); got != "https://host/shop.git" {
		t.Errorf("got %s", got)
	}
}
