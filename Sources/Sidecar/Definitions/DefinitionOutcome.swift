import Functions

/// What a look-up came to.
enum DefinitionOutcome {
    /// It can be called.
    case found(ProcedurePlan)
    case fault(DefinitionFault)
    /// The database could not be asked.
    case unavailable(String)

    /// Whether it can be called.
    var isFound: Bool {
        switch self {
        case .found: true
        case .fault, .unavailable: false
        }
    }
}
