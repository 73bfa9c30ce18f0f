import Functions

/// The result of a look-up.
enum DefinitionOutcome {
    /// It can be called.
    case found(ProcedurePlan)
    case fault(DefinitionFault)
    /// The database could not be queried.
    case unavailable(String)

    /// Whether it can be called.
    var isFound: Bool {
        switch self {
        case .found: true
        case .fault, .unavailable: false
        }
    }
}
