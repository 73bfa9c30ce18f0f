/// One fault of the configuration, and its remedy.
package struct Fault: Sendable, Hashable, CustomStringConvertible {
    /// The file, as the user named it.
    package let file: String

    /// The place in the file; nil if the file couldn't be read at all.
    package let location: Location?

    /// The fault. Never a secret's value or a line that contains one.
    package let problem: String

    /// The remedy.
    package let remedy: String

    /// `sidecar.yaml:14:5: what is wrong; what to do`.
    package var description: String {
        let place = self.location.map { ":\($0)" } ?? ""
        return "\(self.file)\(place): \(self.problem); \(self.remedy)"
    }
}

/// All faults of a configuration file.
package struct ConfigurationFaults: Error, Sendable, CustomStringConvertible {
    /// At least one, sorted by place, none twice.
    package let faults: [Fault]

    /// One line for each fault.
    package var description: String {
        self.faults.map(\.description).joined(separator: "\n")
    }
}
