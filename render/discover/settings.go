package discover

import (
	"errors"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/render"
)

// SettingsOf turns the configuration's words for how targets are rendered into those of the renderers.
func SettingsOf(r config.Rendering) render.Settings {
	return render.Settings{KubeVersion: r.KubeVersion, APIVersions: r.APIVersions, Unrestricted: r.LoadRestrictor == config.Unrestricted}
}

// giveValues gives a chart the values that the configuration has for it.
func giveValues(t *render.Target, v config.ChartValues) error {
	if v.IsZero() {
		return nil
	}
	if t.Kind != render.Helm {
		return errors.New("it has values, but is no chart")
	}
	object, err := v.Object()
	if err != nil {
		return err
	}
	t.Changes = &render.Changes{Values: object, Set: v.Set, SetString: v.SetString}
	return nil
}
