import Glibc

/// The process that is measured, started by the load program so that it knows its process id.
///
/// The child finds the port to connect to in the environment variable `LOAD_PORT`.
final class PeerProcess {
    /// Its process id.
    let id: pid_t
    /// When it was started.
    let started = Clock.now()
    private var status: Int32?

    /// Starts `command` (searched in PATH) with standard input from /dev/null and standard output joined to standard
    /// error, because this program's own standard output carries the report.
    init(command: [String], port: UInt16) throws(LoadError) {
        setenv("LOAD_PORT", String(port), 1)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, 2, 1)
        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) }
        arguments.append(nil)
        defer {
            for argument in arguments { free(argument) }
            posix_spawn_file_actions_destroy(&actions)
        }
        var id: pid_t = 0
        let error = posix_spawnp(&id, command.first ?? "", &actions, nil, arguments, environ)
        guard error == 0 else {
            throw LoadError("starting \(command.first ?? ""): \(String(cString: strerror(error)))")
        }
        self.id = id
    }

    /// Its exit status once it has ended, nil while it runs; for a signal its number plus 128, as in a shell.
    func exitStatus() -> Int? {
        if status == nil {
            var raw: Int32 = 0
            guard waitpid(id, &raw, WNOHANG) == id else { return nil }
            status = raw & 0x7F == 0 ? (raw >> 8) & 0xFF : 128 + (raw & 0x7F)
        }
        return status.map(Int.init)
    }

    /// Asks it to end (SIGTERM).
    func terminate() {
        guard exitStatus() == nil else { return }
        Glibc.kill(id, SIGTERM)
    }

    /// Kills it and collects its status.
    func kill() {
        guard exitStatus() == nil else { return }
        Glibc.kill(id, SIGKILL)
        var raw: Int32 = 0
        waitpid(id, &raw, 0)
        status = 128 + SIGKILL
    }

    /// Its resource usage now; nil once it has ended.
    func usage() -> ProcessUsage? {
        ProcessUsage(of: id)
    }
}
