package golden

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"
)

// deploymentPage is the page of the manual whose examples are held here to what the service does. Its configuration of nginx is what
// backends.StartNginx starts.
const deploymentPage = "../docs/deployment.md"

// pageBlock returns the text of the one block of a kind.
func pageBlock(t *testing.T, kind string) string {
	t.Helper()
	page, err := os.ReadFile(deploymentPage)
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)\n```"+kind+"\n(.*?)\n```\n").FindAllSubmatch(page, -1)
	if len(blocks) != 1 {
		t.Fatalf("the page has %d blocks of %s, want 1", len(blocks), kind)
	}
	return string(blocks[0][1])
}

// defaults returns the variables of the services with a layer, and the value that holds where one is not set, from their READMEs.
func defaults(t *testing.T) map[string]string {
	t.Helper()
	found := make(map[string]string)
	variable := regexp.MustCompile("`([A-Z][A-Z_]+)` \\((?:`([^`]*)`|[^)]*)\\)")
	for _, project := range []string{"session_redis", "jwt_nats"} {
		text, err := os.ReadFile(project + "/README.md")
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range variable.FindAllSubmatch(text, -1) {
			found[string(m[1])] = string(m[2])
		}
	}
	if found["DRAIN_TIMEOUT"] == "" {
		t.Fatalf("no variable found in the READMEs: %q", found)
	}
	return found
}

// stopping returns how long a service may take to stop, with this environment.
func stopping(t *testing.T, known, env map[string]string) (total time.Duration) {
	t.Helper()
	for _, name := range []string{"DRAIN_DELAY", "DRAIN_TIMEOUT"} {
		value, ok := env[name]
		if !ok {
			value = known[name]
		}
		d, err := time.ParseDuration(value)
		if err != nil {
			t.Fatal(err)
		}
		total += d
	}
	return total
}

// spare is how much longer than that an example waits before it kills.
const spare = 5 * time.Second

// TestDeploymentVariables: the page speaks of variables that there are, and of their defaults as they are.
func TestDeploymentVariables(t *testing.T) {
	page, err := os.ReadFile(deploymentPage)
	if err != nil {
		t.Fatal(err)
	}
	known := defaults(t)
	names := regexp.MustCompile("`([A-Z]+_[A-Z_]+)(?:=[^`]*)?`(?: \\((\\d+ m?s|\\d+ [KM]iB)[,)])?").FindAllSubmatch(page, -1)
	said := 0
	for _, m := range names {
		name, value := string(m[1]), string(m[2])
		have, ok := known[name]
		if !ok {
			t.Errorf("no service has a variable %s", name)
		}
		if value == "" {
			continue
		}
		said++
		for unit, shift := range map[string]int{" KiB": 10, " MiB": 20} {
			if text, ok := strings.CutSuffix(value, unit); ok {
				n, err := strconv.Atoi(text)
				if err != nil {
					t.Fatal(err)
				}
				value = strconv.Itoa(n << shift)
			}
		}
		if strings.ReplaceAll(value, " ", "") != have {
			t.Errorf("%s is said to be %s by default, and is %s", name, value, have)
		}
	}
	if said < 5 {
		t.Errorf("%d defaults found in the page", said)
	}
}

// kubernetes is what a test reads of an object. Strict: a key in the wrong place is an error.
type kubernetes struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string `yaml:"kind"`
	Metadata   struct {
		Name string `yaml:"name"`
	} `yaml:"metadata"`
	Spec struct {
		Replicas       int            `yaml:"replicas"`
		Selector       map[string]any `yaml:"selector"`
		Strategy       map[string]any `yaml:"strategy"`
		Ports          []namedPort    `yaml:"ports"`
		MaxUnavailable int            `yaml:"maxUnavailable"`
		Template       struct {
			Metadata struct {
				Labels map[string]string `yaml:"labels"`
			} `yaml:"metadata"`
			Spec struct {
				Grace      int            `yaml:"terminationGracePeriodSeconds"`
				Security   map[string]any `yaml:"securityContext"`
				Containers []container    `yaml:"containers"`
			} `yaml:"spec"`
		} `yaml:"template"`
	} `yaml:"spec"`
}

type namedPort struct {
	Name       string `yaml:"name"`
	Port       int    `yaml:"port"`
	TargetPort string `yaml:"targetPort"`
}

type container struct {
	Name  string `yaml:"name"`
	Image string `yaml:"image"`
	Ports []struct {
		Name          string `yaml:"name"`
		ContainerPort int    `yaml:"containerPort"`
	} `yaml:"ports"`
	Env []struct {
		Name      string         `yaml:"name"`
		Value     string         `yaml:"value"`
		ValueFrom map[string]any `yaml:"valueFrom"`
	} `yaml:"env"`
	Lifecycle struct {
		PreStop struct {
			Sleep struct {
				Seconds int `yaml:"seconds"`
			} `yaml:"sleep"`
		} `yaml:"preStop"`
	} `yaml:"lifecycle"`
	Readiness probe          `yaml:"readinessProbe"`
	Liveness  probe          `yaml:"livenessProbe"`
	Resources map[string]any `yaml:"resources"`
	Security  map[string]any `yaml:"securityContext"`
}

type probe struct {
	Get struct {
		Path string `yaml:"path"`
		Port string `yaml:"port"`
	} `yaml:"httpGet"`
	Period   int `yaml:"periodSeconds"`
	Failures int `yaml:"failureThreshold"`
}

// readKubernetes reads the objects of the page by their kind.
func readKubernetes(t *testing.T) map[string]kubernetes {
	t.Helper()
	objects := make(map[string]kubernetes)
	decoder := yaml.NewDecoder(strings.NewReader(pageBlock(t, "yaml")))
	decoder.KnownFields(true)
	for {
		var o kubernetes
		err := decoder.Decode(&o)
		if errors.Is(err, io.EOF) {
			return objects
		}
		if err != nil {
			t.Fatal(err)
		}
		objects[o.Kind] = o
	}
}

// TestDeploymentKubernetes: the service is asked at the paths that it answers, and has the time to stop that it needs.
func TestDeploymentKubernetes(t *testing.T) {
	objects := readKubernetes(t)
	if kinds := slices.Sorted(maps.Keys(objects)); !slices.Equal(kinds, []string{"Deployment", "PodDisruptionBudget", "Service"}) {
		t.Fatalf("the page has %q", kinds)
	}
	pod := objects["Deployment"].Spec.Template.Spec
	c := pod.Containers[0]
	known, env := defaults(t), make(map[string]string)
	for _, e := range c.Env {
		if _, ok := known[e.Name]; !ok && e.Name != "GOMEMLIMIT" {
			t.Errorf("no service has a variable %s", e.Name)
		}
		if (e.Value == "") == (e.ValueFrom == nil) {
			t.Errorf("%s has %q and %v", e.Name, e.Value, e.ValueFrom)
		}
		env[e.Name] = e.Value
	}
	need := stopping(t, known, env) + time.Duration(c.Lifecycle.PreStop.Sleep.Seconds)*time.Second + spare
	if have := time.Duration(pod.Grace) * time.Second; c.Lifecycle.PreStop.Sleep.Seconds == 0 || have != need {
		t.Errorf("it is killed after %v and may need %v, of which %d s are before SIGTERM", have, need, c.Lifecycle.PreStop.Sleep.Seconds)
	}
	if c.Readiness.Get.Path != "/readyz" || c.Liveness.Get.Path != "/healthz" {
		t.Errorf("the probes are %+v, %+v", c.Readiness, c.Liveness)
	}
	service := objects["Service"].Spec.Ports[0]
	for _, name := range []string{c.Readiness.Get.Port, c.Liveness.Get.Port, service.TargetPort} {
		if name != c.Ports[0].Name || ":"+strconv.Itoa(c.Ports[0].ContainerPort) != known["ADDR"] {
			t.Errorf("port %q, of %+v; the service listens at %s", name, c.Ports, known["ADDR"])
		}
	}
	if noLonger := c.Readiness.Period * c.Readiness.Failures; noLonger > c.Lifecycle.PreStop.Sleep.Seconds {
		t.Errorf("preStop sleeps for less than the %d s in which a pod is found not to be ready", noLonger)
	}
	if until := c.Liveness.Period * c.Liveness.Failures; until <= 10 {
		t.Errorf("it is restarted after %d s, and may wait 10 s for its layer when it starts", until)
	}
}

// TestDeploymentSystemd: as for Kubernetes.
func TestDeploymentSystemd(t *testing.T) {
	settings, env := make(map[string]string), make(map[string]string)
	lines := bufio.NewScanner(bytes.NewBufferString(pageBlock(t, "ini")))
	section := ""
	for lines.Scan() {
		line := lines.Text()
		key, value, ok := strings.Cut(line, "=")
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "["):
			section = line
		case !ok || strings.Contains(value, "#"): // systemd takes that for a part of the value
			t.Errorf("not understood: %s", line)
		case key == "Environment":
			name, value, _ := strings.Cut(value, "=")
			env[name] = value
		default:
			settings[section+key] = value
		}
	}
	known := defaults(t)
	for name := range env {
		if _, ok := known[name]; !ok {
			t.Errorf("no service has a variable %s", name)
		}
	}
	if seconds, want := settings["[Service]TimeoutStopSec"], stopping(t, known, env)+spare; seconds != strconv.Itoa(int(want/time.Second)) {
		t.Errorf("it is killed after %s s, want %v", seconds, want)
	}
	files, err := strconv.Atoi(settings["[Service]LimitNOFILE"])
	sockets, err2 := strconv.Atoi(known["MAX_CONNECTIONS"])
	if err != nil || err2 != nil || files < sockets+1000 {
		t.Errorf("%s files for %s sockets", settings["[Service]LimitNOFILE"], known["MAX_CONNECTIONS"])
	}
	if settings["[Install]WantedBy"] == "" || settings["[Service]ExecStart"] == "" || settings["[Unit]After"] == "" {
		t.Errorf("the unit is %q", settings)
	}
}
