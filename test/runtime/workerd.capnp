using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "network", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);

const main :Workerd.Worker = (
  modules = [
    (name = "main", esModule = embed "workerd.mjs"),
    (name = "smoke", esModule = embed "smoke.mjs"),
    (name = "holdfast", esModule = embed "../../packages/client/dist/index.js"),
    # The files that the entries of holdfast share are added here, because their names have a hash.
  ],
  compatibilityDate = "2026-01-01",
  globalOutbound = "network",
);
