/// Reads `sidecar.yaml`.
///
/// The whole file is checked before any of it is used, and all faults are reported at once.
package enum ConfigurationFile {
    /// Reads and checks a file, and the files of secrets that it names.
    ///
    /// It blocks on the file system, so call it at start or on its own thread, never on an event loop.
    ///
    /// - Parameters:
    ///   - path: The file, as messages name it. Paths in it start from its folder.
    ///   - environment: The variables that it may use.
    package static func load(
        path: String, environment: [String: String]
    ) throws(ConfigurationFaults) -> Configuration {
        let folder = TextFile.folder(of: path)
        let reading = Reading(file: path, folder: folder, environment: environment)
        return try self.load(try self.text(of: path, reading), reading)
    }

    /// Checks a text as if it were a file's.
    ///
    /// - Parameters:
    ///   - text: The text.
    ///   - name: The file's name, as messages have it.
    ///   - folder: The folder that paths in the text start from.
    ///   - environment: The variables that the text may use.
    package static func load(
        text: String, name: String = "sidecar.yaml", folder: String = ".", environment: [String: String] = [:]
    ) throws(ConfigurationFaults) -> Configuration {
        try self.load(
            Array(text.utf8), Reading(file: name, folder: folder, environment: environment))
    }

    /// Reads only a file's section `router`: for commands that need no more, and must not fail because of a variable
    /// that another section uses.
    ///
    /// It blocks on the file system, as ``load(path:environment:)`` does.
    package static func loadRouter(
        path: String, environment: [String: String]
    ) throws(ConfigurationFaults) -> RouterSettings {
        let reading = Reading(
            file: path, folder: TextFile.folder(of: path), environment: environment)
        return try self.loadRouter(try self.text(of: path, reading), reading)
    }

    /// Checks the section `router` of a text as if it were a file's.
    package static func loadRouter(
        text: String, environment: [String: String]
    ) throws(ConfigurationFaults) -> RouterSettings {
        try self.loadRouter(
            Array(text.utf8), Reading(file: "sidecar.yaml", folder: ".", environment: environment))
    }

    private static func text(of path: String, _ reading: Reading) throws(ConfigurationFaults) -> [UInt8] {
        reading.willRead(path)
        do {
            return try TextFile.read(path, limit: YAMLLimits().size)
        } catch {
            let fault = Fault(file: path, location: error.location, problem: error.problem, remedy: error.remedy)
            throw ConfigurationFaults(faults: [fault], files: reading.files)
        }
    }

    private static func loadRouter(
        _ text: [UInt8], _ reading: Reading
    ) throws(ConfigurationFaults) -> RouterSettings {
        var composer = YAMLComposer(limits: YAMLLimits())
        let (document, faults) = composer.compose(text)
        for fault in faults { reading.add(at: fault.location, fault.problem, fault.remedy) }
        let router = document.flatMap { reading.routerAlone($0) }
        if document == nil, faults.isEmpty { reading.addEmpty() }
        if let faults = reading.result { throw faults }
        guard let router else { throw reading.unusable }
        return router
    }

    private static func load(_ text: [UInt8], _ reading: Reading) throws(ConfigurationFaults) -> Configuration {
        var composer = YAMLComposer(limits: YAMLLimits())
        let (document, faults) = composer.compose(text)
        for fault in faults { reading.add(at: fault.location, fault.problem, fault.remedy) }
        let configuration = document.flatMap { reading.configuration($0) }
        if document == nil, faults.isEmpty { reading.addEmpty() }
        if let faults = reading.result { throw faults }
        guard let configuration else { throw reading.unusable }
        return configuration
    }
}

extension Reading {
    /// Reports that the file is empty.
    fileprivate func addEmpty() {
        self.add(at: .start, "the file is empty", "begin with router: and database:, see docs/mapping.md")
    }

    /// Reports that the file has no usable value, whatever the reason.
    fileprivate var unusable: ConfigurationFaults {
        self.add(at: .start, "the file can't be used", "compare it with docs/mapping.md")
        return self.result ?? ConfigurationFaults(faults: [], files: self.files)
    }

    /// The section `router` of a file whose other sections are ignored; nil if it is faulty.
    fileprivate func routerAlone(_ document: YAMLNode) -> RouterSettings? {
        if document.isNull {
            self.addEmpty()
            return nil
        }
        guard let entries = Section.entries(of: document) else {
            self.add(
                at: document.location, "there is \(document.kind) where keys are expected at the top level",
                "write e.g. router: and database:")
            return nil
        }
        guard let entry = entries.first(where: { $0.key == "router" }) else {
            self.add(
                at: .start, "'router' is missing at the top level",
                "add e.g. router: { url: ws://127.0.0.1:8080/ws, realm: realm1 }")
            return nil
        }
        return self.router(entry)
    }

    /// The whole file; nil if it is faulty.
    fileprivate func configuration(_ document: YAMLNode) -> Configuration? {
        if document.isNull {
            self.addEmpty()
            return nil
        }
        guard
            let section = Section(
                document, at: .start, place: "at the top level", keys: .file, example: "router: and database:",
                reading: self)
        else { return nil }
        let router = section.entry("router").flatMap { self.router($0) }
        if !section.has("router") {
            section.missing("router", example: "{ url: ws://127.0.0.1:8080/ws, realm: realm1 }")
        }
        let database = section.entry("database").flatMap { self.database($0) }
        if !section.has("database") {
            section.missing("database", example: "{ url: postgresql://wamp@127.0.0.1:5432/app }")
        }
        let procedures = section.entry("procedures").map { self.procedures($0) } ?? []
        let subscriptions = section.entry("subscriptions").map { self.subscriptions($0) } ?? []
        let notifications = section.entry("notifications").map { self.notifications($0) } ?? []
        let caller = section.entry("caller").flatMap { self.caller($0) }
        let outbox = self.outbox(section.entry("outbox"))
        let deadLetterKeep = self.deadLetterKeep(section.entry("dead_letter"))
        let admin = section.entry("admin").flatMap { self.admin($0) }
        let shutdownTimeout = section.duration("shutdown_timeout", in: Bounds.shutdown) ?? .seconds(8)
        let log = section.entry("log").map { self.log($0) } ?? LogSettings(level: .info, format: .text)
        let reload = section.choice("reload", of: ReloadPolicy.self) ?? .watch
        guard let router, let database else { return nil }
        return Configuration(
            path: self.file, router: router, database: database, procedures: procedures, subscriptions: subscriptions,
            notifications: notifications, caller: caller, outbox: outbox, deadLetterKeep: deadLetterKeep,
            admin: admin, shutdownTimeout: shutdownTimeout, log: log, reload: reload, files: self.files)
    }

    private func log(_ entry: YAMLEntry) -> LogSettings {
        let section = Section(
            entry.value, at: entry.location, place: "in log", keys: .log, example: "log: { level: info }",
            reading: self)
        return LogSettings(
            level: section?.choice("level", of: LogSettings.Level.self) ?? .info,
            format: section?.choice("format", of: LogSettings.Format.self) ?? .text,
            slow: section?.duration("slow", in: Bounds.slow))
    }
}
