/// One reading of a configuration file: its context, and the faults found so far.
///
/// A class because all sections add to the same list; it lives within one call of `ConfigurationFile.load`.
final class Reading {
    /// The file as the user named it.
    let file: String

    /// The folder that paths in the file start from.
    let folder: String

    /// The variables that scalars may use.
    let environment: [String: String]

    private var faults: [Fault] = []

    /// Begins a reading.
    init(file: String, folder: String, environment: [String: String]) {
        self.file = file
        self.folder = folder
        self.environment = environment
    }

    /// Reports a fault. `location` is nil only for faults of the file as such.
    func add(at location: Location?, _ problem: String, _ remedy: String) {
        self.faults.append(Fault(file: self.file, location: location, problem: problem, remedy: remedy))
    }

    /// Reports that a section's key has no content: the lines below it may lack their indentation. `{}` shows that this
    /// is intended.
    func refuseNothing(_ entry: YAMLEntry, _ example: String) {
        guard entry.value.isNull else { return }
        self.add(
            at: entry.location, "'\(entry.key)' has nothing below it",
            "write e.g. \(example) below it, indented, or remove it")
    }

    /// All faults in the order of their places; a fault that an alias repeats appears once. Nil if there are none.
    var result: ConfigurationFaults? {
        var seen: Set<Fault> = []
        let faults = self.faults.filter { seen.insert($0).inserted }
        // Sorted with the order of discovery as the second criterion: `sorted` itself doesn't promise to keep it.
        let sorted = faults.enumerated().sorted {
            ($0.element.location ?? .start, $0.offset) < ($1.element.location ?? .start, $1.offset)
        }
        return sorted.isEmpty ? nil : ConfigurationFaults(faults: sorted.map(\.element))
    }
}
