import Foundation

/// The folder of the public catalog on the machine of who develops; it is never part of the repository.
///
/// `AGIRUNNER_CATALOG` names it; absent: it lies in a folder `shared` beside the repository's.
package let publicCatalog =
    ProcessInfo.processInfo.environment["AGIRUNNER_CATALOG"]
    ?? "\(repositoryRoot)/../shared/data/community-catalog"
