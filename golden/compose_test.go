package golden

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"wsgen/golden/backends"
)

// compose is what the tests read of a compose.yaml.
type compose struct {
	Services map[string]struct {
		Image       string            `yaml:"image"`
		Build       string            `yaml:"build"`
		Environment map[string]string `yaml:"environment"`
		Command     []string          `yaml:"command"`
		DependsOn   map[string]struct {
			Condition string `yaml:"condition"`
		} `yaml:"depends_on"`
		Healthcheck struct {
			Test []string `yaml:"test"`
		} `yaml:"healthcheck"`
		Volumes []string `yaml:"volumes"`
	} `yaml:"services"`
	Configs map[string]struct {
		Content string `yaml:"content"`
	} `yaml:"configs"`
	Volumes map[string]struct{} `yaml:"volumes"`
}

func readCompose(t *testing.T, project string) compose {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(project, "compose.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var c compose
	if err := yaml.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// The service waits for the server of its groups, finds it under its name, and what the server keeps has a place.
func TestCompose(t *testing.T) {
	for project, server := range map[string]string{"session_redis": "redis", "jwt_nats": "nats"} {
		c := readCompose(t, project)
		service, other := c.Services["service"], c.Services[server]
		readme, err := os.ReadFile(filepath.Join(project, "README.md"))
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range service.Environment {
			if !strings.Contains(string(readme), "`"+name+"`") {
				t.Errorf("%s: the README knows no variable %s", project, name)
			}
			if !strings.Contains(value, "//"+server+":") {
				t.Errorf("%s: %s=%s does not name the server %s", project, name, value, server)
			}
		}
		if len(service.Environment) == 0 || service.Build != "." || service.DependsOn[server].Condition != "service_healthy" {
			t.Errorf("%s: the service is %+v", project, service)
		}
		if !strings.HasPrefix(other.Image, server+":") || len(other.Healthcheck.Test) < 2 {
			t.Errorf("%s: the server is %+v", project, other)
		}
		for _, v := range other.Volumes {
			name, _, _ := strings.Cut(v, ":")
			if _, ok := c.Volumes[name]; !ok {
				t.Errorf("%s: there is no volume %s", project, name)
			}
		}
	}
}

// What compose.yaml tells redis-server is what it understands, and has it keep what the service asks it to keep.
func TestComposeStartsRedis(t *testing.T) {
	command := readCompose(t, "session_redis").Services["redis"].Command
	if command[0] != "redis-server" || !slices.Contains(command, "--appendonly") {
		t.Fatalf("the command is %q", command)
	}
	r := backends.StartRedis(t, command[1:]...)
	s := start(t, build(t, "session_redis"), "REDIS_URL="+r.URL)
	if resp, body := s.request(t, "GET", "/readyz", nil); resp.StatusCode != 200 {
		t.Errorf("the service is not ready: %s\n%s", resp.Status, body)
	}
}

// What compose.yaml tells nats-server is what it understands.
func TestComposeConfiguresNATS(t *testing.T) {
	server := need(t, "nats-server", filepath.Join("..", "bin", "nats-server"))
	content := readCompose(t, "jwt_nats").Configs["nats"].Content
	for _, want := range []string{"jetstream", "store_dir: /data", "http_port: 8222"} {
		if !strings.Contains(content, want) {
			t.Errorf("the configuration lacks %q:\n%s", want, content)
		}
	}
	file := filepath.Join(t.TempDir(), "nats.conf")
	content = strings.ReplaceAll(content, "/data", filepath.ToSlash(t.TempDir()))
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, ".", os.Environ(), server, "-t", "-c", file)
}
