import Functions
import SidecarConfiguration

extension PlanOptions {
    /// Takes what a mapping says.
    ///
    /// - Parameter isFromSQL: whether SQL registered it.
    init(_ mapping: ProcedureMapping, isFromSQL: Bool = false) {
        self.init(
            convention: Convention(mapping.convention, isFromSQL: isFromSQL),
            results: Results(mapping.results), bigint: BigintFormat(mapping.bigint))
        self.bound = ResultBound(mostOctets: mapping.maxResultBytes)
    }
}

extension PlanOptions.Convention {
    /// Takes what a mapping says.
    init(_ convention: ProcedureMapping.Convention, isFromSQL: Bool) {
        switch convention {
        case .auto: self = isFromSQL ? .registered : .auto
        case .raw: self = .raw
        case .native: self = .native
        }
    }
}

extension PlanOptions.Results {
    /// Takes what a mapping says.
    fileprivate init(_ results: ProcedureMapping.Results) {
        switch results {
        case .auto: self = .auto
        case .value: self = .value
        case .row: self = .row
        case .rows: self = .rows
        case .args: self = .args
        case .kwargs: self = .kwargs
        }
    }
}

extension PlanOptions.BigintFormat {
    /// Takes what a mapping says.
    fileprivate init(_ bigint: ProcedureMapping.Bigint) {
        switch bigint {
        case .number: self = .number
        case .string: self = .string
        }
    }
}
